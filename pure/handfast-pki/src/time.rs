//! The times of certificates and lists.

use jiff::Timestamp;
use x509_cert::time::Time;

/// To the second; a time that no calendar has is the last one of ours.
pub(crate) fn timestamp(time: Time) -> Timestamp {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}
