//! The log, and what of it the operator should read at once.

use std::sync::Arc;

use handfast_audit::{Event, Sink};
use handfast_proxy::AccessLog;

use crate::words::Words;

/// The log, and what of it the operator should read at once.
pub struct Told {
    pub log: Arc<AccessLog>,
    pub words: Words,
}

impl Sink for Told {
    fn take(&self, event: Event) {
        if let Event::Reload(reload) = &event {
            match (&reload.code, &reload.reason) {
                (Some(code), Some(reason)) => self.words.talk(format_args!(
                    "handfast: reload refused, the last good state stays active: {reason}  [{code}]"
                )),
                _ => self.words.talk(format_args!(
                    "handfast: reloaded, generation {} active",
                    reload.generation
                )),
            }
            if !reload.restart_for.is_empty() {
                let what = reload.restart_for.join(", ");
                self.words.talk(format_args!("  restart to apply: {what}"));
            }
        }
        if let Event::Alarm(alarm) = &event {
            self.words.talk(format_args!(
                "handfast: warning: {}  [{}]",
                alarm.reason, alarm.code
            ));
        }
        if let Event::Target(target) = &event {
            match (&target.code, &target.reason) {
                (Some(code), Some(reason)) => self.words.talk(format_args!(
                    "handfast: the target {} is left out: {reason}  [{code}]",
                    target.target
                )),
                _ => self.words.talk(format_args!(
                    "handfast: the target {} is used again",
                    target.target
                )),
            }
        }
        if let Event::Shortage(shortage) = &event {
            self.words.talk(format_args!(
                "handfast: {} ({} times)  [{}]",
                shortage.reason, shortage.times, shortage.code
            ));
        }
        self.log.take(event);
    }
}
