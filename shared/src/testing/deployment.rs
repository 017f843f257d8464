//! What stands in the files by which people deploy: the environment, and how the programs are started.

use std::collections::BTreeMap;
use std::path::Path;

/// A file of the repository.
pub fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The variables of `.env.example` in their order, those that are commented out among them.
pub fn variables_of_the_example() -> Vec<String> {
    let is_name =
        |name: &str| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    let example = read(".env.example");
    let names = example.lines().filter_map(|line| line.trim_start_matches("# ").split_once('=')).map(|(name, _)| name);
    names.filter(|name| is_name(name)).map(str::to_owned).collect()
}

/// The plain text of a YAML file of blocks, by the path to each: `services.api.read_only`. What is
/// referred to (`<<: *program`, `depends_on: *servers`) is there as if it stood in its place; flow
/// values are left as they are.
pub fn blocks(path: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut above: Vec<(usize, String)> = Vec::new();
    let mut anchors: BTreeMap<String, String> = BTreeMap::new();
    for line in read(path).lines().filter(|line| !line.trim().is_empty() && !line.trim().starts_with('#')) {
        let indent = line.len() - line.trim_start().len();
        let Some((key, value)) = line.trim().split_once(':') else { continue };
        above.retain(|(of, _)| *of < indent);
        let parent = above.iter().fold(String::new(), |path, (_, key)| path + key + ".");
        let path = format!("{parent}{key}");
        let value = value.trim();
        // What is said again replaces what was merged in, with all that is below it.
        let below = format!("{path}.");
        found.retain(|key: &String, _| !key.starts_with(&below));
        if let Some(alias) = value.strip_prefix('*') {
            let from = format!("{}.", anchors.get(alias).expect("an anchor that stands before"));
            let into = if key == "<<" { &parent } else { &below };
            let copies: Vec<(String, String)> = found
                .iter()
                .filter_map(|(key, value): (&String, &String)| {
                    Some((format!("{into}{}", key.strip_prefix(&from)?), value.clone()))
                })
                .collect();
            found.extend(copies);
        } else {
            if let Some(anchor) = value.strip_prefix('&') {
                anchors.insert(anchor.to_owned(), path.clone());
            }
            found.insert(path, value.to_owned());
        }
        above.push((indent, key.to_owned()));
    }
    found
}

/// The words of a flow list: `[api, serve]`.
pub fn words(list: &str) -> Vec<String> {
    let list = list.trim().trim_matches(['[', ']']);
    list.split(',').map(|word| word.trim().trim_matches('"').to_owned()).filter(|word| !word.is_empty()).collect()
}

/// Each way in which `program` is started by the files in the repository: where that stands, and with
/// which arguments.
pub fn starts_of(program: &str) -> Vec<(String, Vec<String>)> {
    let mut starts: Vec<(String, Vec<String>)> = Vec::new();
    for line in read("Procfile").lines() {
        let (name, command) = line.split_once(':').expect("a name and a command");
        starts.push((format!("Procfile, {name}"), command.split_whitespace().map(str::to_owned).collect()));
    }
    for (path, value) in blocks("docker-compose.yml") {
        if path.ends_with(".command") {
            starts.push((format!("docker-compose.yml, {path}"), words(&value)));
        } else if path.ends_with(".healthcheck.test") {
            let test = words(&value).into_iter().skip_while(|word| word == "CMD").collect();
            starts.push((format!("docker-compose.yml, {path}"), test));
        }
    }
    for line in read("Dockerfile").lines() {
        if let Some((_, command)) = line.split_once("CMD ") {
            starts.push((format!("Dockerfile, {line}"), words(command)));
        }
    }
    starts.retain(|(_, words)| words.first().is_some_and(|word| word == program));
    starts.into_iter().map(|(place, words)| (place, words.into_iter().skip(1).collect())).collect()
}
