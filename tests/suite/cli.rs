//! The command line as somebody types it, against real nginx and OpenSSL servers on loopback.

mod check;
mod documents;
mod format;
mod guide;
mod keep;
mod pages;
mod run;
mod scan;
mod words;
mod workshop;
