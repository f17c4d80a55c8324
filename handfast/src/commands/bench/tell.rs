//! What was measured, as text and as an object.

use std::time::Duration;

use handfast_ca::bench::{Filled, Rate};
use serde_json::{Value, json};

use crate::words::Words;

pub(super) const NEXT: &str = "handfast bench ca --sync-delay 5ms";

pub(super) fn tell(filled: &Filled, words: &Words) {
    words.data(format_args!(
        "filled {} rows in {:.0} s, {} bytes each",
        filled.rows,
        filled.took.as_secs_f64(),
        filled.bytes / filled.rows.max(1)
    ));
    for one in &filled.asked {
        words.data(format_args!(
            "  {:<22} {:>9.2} ms  {} rows",
            one.question,
            milliseconds(one.slowest),
            one.rows
        ));
    }
}

pub(super) fn described(callers: u16, delay: Duration, filled: Option<&Filled>, rate: &Rate) -> Value {
    json!({
        "callers": callers,
        "sync_delay_ms": milliseconds(delay),
        "certificates": rate.certificates,
        "seconds": rate.took.as_secs_f64(),
        "per_second": rate.per_second(),
        "p50_ms": milliseconds(rate.percentile(50)),
        "p99_ms": milliseconds(rate.percentile(99)),
        "filled": filled.map(|filled| json!({
            "rows": filled.rows,
            "seconds": filled.took.as_secs_f64(),
            "bytes": filled.bytes,
            "questions": filled.asked.iter().map(|one| json!({
                "question": one.question,
                "slowest_page_ms": milliseconds(one.slowest),
                "rows": one.rows,
            })).collect::<Vec<_>>(),
        })),
        "next": NEXT,
    })
}

pub(super) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
