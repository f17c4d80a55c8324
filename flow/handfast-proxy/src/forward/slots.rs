//! How many connections to the backend may be in use, and who is next.
//!
//! One client can hold at most half of them, whatever number of connections it opens; who waits is served in turn,
//! client by client. Per worker: only its thread uses this, so no lock is waited for.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::sync::oneshot;

/// How long a request waits for a connection to the backend.
const PATIENCE: Duration = Duration::from_secs(5);

/// The connections to the backend that one worker may use at a time.
#[derive(Debug)]
pub(crate) struct BackendSlots {
    used: AtomicUsize,
    most: usize,
    /// Clients with waiting requests, the next one first.
    turns: Mutex<VecDeque<Arc<Share>>>,
    /// By the SHA-256 of the certificate.
    clients: Mutex<HashMap<[u8; 32], Weak<Share>>>,
}

/// What one client uses and waits for, over all of its connections to this worker.
#[derive(Debug, Default)]
pub(crate) struct Share {
    used: AtomicUsize,
    waiting: Mutex<VecDeque<oneshot::Sender<BackendSlot>>>,
}

/// The right to use one connection to the backend.
#[derive(Debug)]
pub(crate) struct BackendSlot {
    slots: Arc<BackendSlots>,
    share: Arc<Share>,
    /// Whether its end serves the next; not where that is being done already.
    serves_next: bool,
}

impl BackendSlots {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            used: AtomicUsize::new(0),
            most: most.max(1),
            turns: Mutex::default(),
            clients: Mutex::default(),
        })
    }

    /// The share of the client with this certificate.
    pub(crate) fn share(&self, certificate: [u8; 32]) -> Arc<Share> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = clients.get(&certificate).and_then(Weak::upgrade) {
            return share;
        }
        let share = Arc::<Share>::default();
        clients.insert(certificate, Arc::downgrade(&share));
        share
    }

    /// Forgets clients that have left.
    pub(crate) fn forget_gone(&self) {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.retain(|_, share| share.strong_count() > 0);
    }

    /// Waits for a slot, in turn; `None` where none came free in time.
    pub(crate) async fn wait(self: &Arc<Self>, share: &Arc<Share>) -> Option<BackendSlot> {
        let (sender, receiver) = oneshot::channel();
        self.queue(share, sender);
        // A slot that is handed over at the last moment comes back when the channel is dropped with it.
        tokio::time::timeout(PATIENCE, receiver).await.ok()?.ok()
    }

    /// A slot that is free now.
    pub(crate) fn try_take(self: &Arc<Self>, share: &Arc<Share>) -> Option<BackendSlot> {
        let (used, of_client) = (self.used.load(Relaxed), share.used.load(Relaxed));
        if used >= self.most || of_client >= self.most.div_ceil(2) {
            return None;
        }
        self.used.store(used + 1, Relaxed);
        share.used.store(of_client + 1, Relaxed);
        Some(BackendSlot {
            slots: self.clone(),
            share: share.clone(),
            serves_next: true,
        })
    }

    fn queue(&self, share: &Arc<Share>, sender: oneshot::Sender<BackendSlot>) {
        let mut waiting = share.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = waiting.is_empty();
        waiting.push_back(sender);
        drop(waiting);
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if is_first && !turns.iter().any(|turn| Arc::ptr_eq(turn, share)) {
            turns.push_back(share.clone());
        }
    }

    /// Hands free slots to whoever is next.
    fn serve_next(self: &Arc<Self>) {
        let mut turns = std::mem::take(&mut *self.turns.lock().unwrap_or_else(PoisonError::into_inner));
        let mut passed_over = 0;
        while passed_over < turns.len() {
            let Some(share) = turns.pop_front() else { break };
            match self.serve(&share) {
                Served::One => {
                    turns.push_back(share);
                    passed_over = 0;
                }
                Served::NoSlot => {
                    turns.push_back(share);
                    passed_over += 1;
                }
                Served::NobodyWaits => {}
            }
        }
        self.turns
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(turns);
    }

    fn serve(self: &Arc<Self>, share: &Arc<Share>) -> Served {
        loop {
            let mut waiting = share.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.retain(|sender| !sender.is_closed());
            if waiting.is_empty() {
                return Served::NobodyWaits;
            }
            let Some(slot) = self.try_take(share) else {
                return Served::NoSlot;
            };
            let next = waiting.pop_front();
            drop(waiting);
            match next.map(|sender| sender.send(slot)) {
                None | Some(Ok(())) => return Served::One,
                // Who asked has gone meanwhile.
                Some(Err(mut slot)) => slot.serves_next = false,
            }
        }
    }
}

enum Served {
    One,
    NoSlot,
    NobodyWaits,
}

impl Drop for BackendSlot {
    fn drop(&mut self) {
        let less = |count: &AtomicUsize| count.store(count.load(Relaxed).saturating_sub(1), Relaxed);
        less(&self.slots.used);
        less(&self.share.used);
        if self.serves_next {
            self.slots.clone().serve_next();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::Future,
        pin::pin,
        task::{Context, Waker},
    };

    use super::*;

    fn is_ready<T>(future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            std::task::Poll::Ready(value) => Some(value),
            std::task::Poll::Pending => None,
        }
    }

    #[tokio::test]
    async fn one_client_holds_at_most_half_and_others_find_room() {
        let slots = BackendSlots::new(4);
        let (greedy, modest) = (slots.share([1; 32]), slots.share([2; 32]));
        let held: Vec<_> = std::iter::from_fn(|| slots.try_take(&greedy)).collect();
        assert_eq!(held.len(), 2);
        assert!(is_ready(slots.wait(&greedy)).is_none(), "it waits");
        assert!(slots.try_take(&modest).is_some());
        assert!(
            Arc::ptr_eq(&greedy, &slots.share([1; 32])),
            "all of its connections share"
        );
    }

    #[tokio::test]
    async fn who_waits_is_served_in_turn_client_by_client() {
        let slots = BackendSlots::new(2);
        let (first, second, third) = (slots.share([1; 32]), slots.share([2; 32]), slots.share([3; 32]));
        let (a, b) = (slots.try_take(&first), slots.try_take(&second));
        let mut waits: Vec<_> = [&first, &first, &third]
            .map(|share| Box::pin(slots.wait(share)))
            .into();
        for wait in &mut waits {
            assert!(is_ready(wait.as_mut()).is_none());
        }
        drop(b);
        // The first has its half already, so the third is next although it asked later.
        assert!(is_ready(waits[0].as_mut()).is_none());
        let third_slot = is_ready(waits[2].as_mut()).flatten();
        assert!(third_slot.is_some());
        drop(a);
        let next = is_ready(waits[0].as_mut()).flatten();
        assert!(next.is_some());
        assert!(is_ready(waits[1].as_mut()).is_none());
        drop(next);
        assert!(is_ready(waits[1].as_mut()).flatten().is_some());
    }

    #[tokio::test]
    async fn who_gives_up_waiting_costs_no_slot() {
        let slots = BackendSlots::new(1);
        let (first, second) = (slots.share([1; 32]), slots.share([2; 32]));
        let held = slots.try_take(&first);
        {
            let mut gone = Box::pin(slots.wait(&second));
            assert!(is_ready(gone.as_mut()).is_none());
        }
        drop(held);
        assert!(slots.try_take(&first).is_some());
        assert_eq!(slots.used.load(Relaxed), 0);
        slots.forget_gone();
        assert_eq!(slots.clients.lock().expect("no panic").len(), 2);
        drop((first, second));
        slots.forget_gone();
        assert!(slots.clients.lock().expect("no panic").is_empty());
    }
}
