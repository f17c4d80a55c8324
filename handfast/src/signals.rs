//! Signals while something serves: SIGHUP reloads, SIGTERM and Ctrl-C stop, a second one does not wait for
//! connections to end.

use tokio::signal::unix::{SignalKind, signal};

/// What the operator asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    Reload,
    Stop,
}

/// Waits for SIGTERM or Ctrl-C.
pub fn until_told() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok(())
    })
}

/// Hands every signal to `told`, and after the first stop closes `served` with `close`; a second stop calls
/// `hurry` while that goes on.
pub fn serve_until_told<T, R>(
    served: T,
    told: impl Fn(&T, Signal),
    close: impl FnOnce(T) -> R + Send + 'static,
    hurry: impl Fn(),
) -> R
where
    T: Send + 'static,
    R: Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    // Without a runtime there are no signals: what serves is closed at once rather than left without a handle.
    let Ok(runtime) = runtime else {
        return close(served);
    };
    runtime.block_on(async {
        let streams = (
            signal(SignalKind::hangup()),
            signal(SignalKind::terminate()),
            signal(SignalKind::interrupt()),
        );
        let (Ok(mut hangup), Ok(mut terminate), Ok(mut interrupt)) = streams else {
            return close(served);
        };
        loop {
            tokio::select! {
                _ = hangup.recv() => told(&served, Signal::Reload),
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
            }
        }
        told(&served, Signal::Stop);
        let closing = std::thread::spawn(move || close(served));
        while !closing.is_finished() {
            tokio::select! {
                _ = terminate.recv() => hurry(),
                _ = interrupt.recv() => hurry(),
                () = tokio::time::sleep(std::time::Duration::from_millis(10)) => {}
            }
        }
        match closing.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
