//! What clients did and saw, in the one order in which it happened.

/// Names a call within its history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallId(usize);

/// One call of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call<O, R> {
    /// Who called.
    pub client: u32,
    /// What for.
    pub operation: O,
    /// Its place among all calls and returns.
    pub called: u64,
    /// Place and outcome of its return. Without one it may have taken effect at any time since, or never.
    pub returned: Option<(u64, R)>,
}

/// Calls and returns of many clients. The order of recording is the order of real time: a simulation runs in
/// one thread, so no clock is needed to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History<O, R> {
    calls: Vec<Call<O, R>>,
    events: u64,
}

impl<O, R> Default for History<O, R> {
    fn default() -> Self {
        History { calls: Vec::new(), events: 0 }
    }
}

impl<O, R> History<O, R> {
    /// A client calls.
    pub fn call(&mut self, client: u32, operation: O) -> CallId {
        self.calls.push(Call { client, operation, called: self.events, returned: None });
        self.events += 1;
        CallId(self.calls.len() - 1)
    }

    /// Its call returns.
    pub fn returned(&mut self, call: CallId, outcome: R) {
        let call = &mut self.calls[call.0];
        assert!(call.returned.is_none(), "a call returns once");
        call.returned = Some((self.events, outcome));
        self.events += 1;
    }

    /// All calls, in the order they were made.
    pub fn calls(&self) -> &[Call<O, R>] {
        &self.calls
    }
}
