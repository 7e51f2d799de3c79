//! The only place that dials what is being checked or asks a resolver.
