//! What tests of the API share.

mod answer;
mod app;
mod client;
mod stream;

pub(crate) use answer::Answer;
pub(crate) use app::TestApp;
pub(crate) use client::Client;
pub(crate) use stream::Stream;
