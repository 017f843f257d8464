//! What runs the worker elsewhere says what it understands.

use shared::config::Env;
use shared::testing::deployment;
use worker::config::{Config, Flags};

use crate::process::Worker;

#[test]
fn the_example_of_an_environment_lists_what_is_read() {
    let mut env = Env::default();
    let _ = Config::read(&mut env, &Flags::default());
    let listed = deployment::variables_of_the_example();
    let forgotten: Vec<_> = env.asked().filter(|name| !listed.iter().any(|known| known == name)).collect();
    assert!(forgotten.is_empty(), "{forgotten:?} are read, and not in .env.example");
}

#[test]
fn it_knows_every_command_by_which_people_deploy_it() {
    let starts = deployment::starts_of("worker");
    for wanted in [&[][..], &["health".to_owned()]] {
        assert!(starts.iter().any(|(_, arguments)| arguments == wanted), "nobody says {wanted:?}: {starts:?}");
    }
    for (place, arguments) in starts {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).chain(["--help"]).collect();
        let output = Worker::command(&arguments).output().expect("an end");
        assert!(output.status.success(), "{place}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
