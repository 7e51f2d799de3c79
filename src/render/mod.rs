//! One file per output format; each reads a `Report` and nothing else.
