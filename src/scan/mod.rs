//! Plans which probes run where and runs them through the lanes; says what happens as events.
