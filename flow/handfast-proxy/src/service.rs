//! What the service manager is told (sd_notify): ready, reloading, stopping, alive. Nothing where nobody asks
//! (`NOTIFY_SOCKET`, `WATCHDOG_USEC`).

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use sd_notify::{NotifyState, notify, watchdog_enabled};

use crate::worker::Shared;

/// A service manager that does not hear us is its own to look after: nothing here fails.
fn tell(states: &[NotifyState<'_>]) {
    let _ = notify(states);
}

/// Everything is open.
pub(crate) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// New files are being read; [`ready`] follows, whatever becomes of it.
pub(crate) fn reloading() {
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        tell(&[NotifyState::Reloading, now]);
    }
}

/// Nothing is accepted any more; connections end.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Tells that we live, for as long as the workers do, until the last of them has ended.
pub(crate) fn watch_over(shared: &Arc<Shared>) {
    /// The time that is asked for is a limit, and twice within it is what systemd recommends.
    const PARTS: u32 = 2;
    let Some(limit) = watchdog_enabled() else { return };
    let pause = (limit / PARTS).max(Duration::from_millis(1));
    let shared: Weak<Shared> = Arc::downgrade(shared);
    std::thread::spawn(move || {
        while let Some(shared) = shared.upgrade() {
            if shared.heartbeat.is_alive() {
                tell(&[NotifyState::Watchdog]);
            }
            drop(shared);
            std::thread::sleep(pause);
        }
    });
}
