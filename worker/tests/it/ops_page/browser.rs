//! A real browser, without a window.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

/// As the protocol writes keys.
pub(crate) const TAB: char = '\u{e004}';
pub(crate) const ENTER: char = '\u{e007}';
pub(crate) const ESCAPE: char = '\u{e00c}';

/// How long something may take to be on the page.
const PATIENCE: Duration = Duration::from_secs(40);

/// A browser and the driver that it is spoken to through; both end with it.
pub(crate) struct Browser {
    pub(crate) page: Client,
    driver: Child,
    port: u16,
    /// Read no further, and not closed: the driver may have more to say.
    _said: Lines<BufReader<ChildStdout>>,
}

impl Browser {
    /// Opens one, with these switches besides.
    pub(crate) async fn open(switches: &[&str]) -> Self {
        let mut driver = Command::new("chromedriver")
            .args(["--port=0", "--log-level=SEVERE"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!(
                    "chromedriver cannot be run ({error}): `./lms test` installs it; in Debian it is in chromium-driver"
                )
            });
        let mut lines = BufReader::new(driver.stdout.take().expect("its output")).lines();
        let port = lines
            .find_map(|line| {
                line.ok()?.split_once("started successfully on port ")?.1.trim_end_matches('.').parse::<u16>().ok()
            })
            .expect(
                "chromedriver ended without a word: Ubuntu's is a door to the snap `chromium`, which must be there",
            );
        let mut arguments = vec!["--headless=new", "--disable-dev-shm-usage", "--window-size=1400,1000"];
        if is_root() {
            // Its sandbox is for users who are not.
            arguments.push("--no-sandbox");
        }
        arguments.extend(switches);
        let options = json!({ "goog:chromeOptions": { "args": arguments } });
        let page = ClientBuilder::new(HttpConnector::new())
            .capabilities(options.as_object().expect("an object").clone())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("a browser: chromedriver needs a Chromium or Chrome of its own version");
        Self { page, driver, port, _said: lines }
    }

    /// Runs a script in the page.
    pub(crate) async fn ask(&self, script: &str) -> Value {
        self.page.execute(script, Vec::new()).await.expect("an answer")
    }

    /// Waits until an expression is true in the page.
    pub(crate) async fn until(&self, expression: &str) {
        let begun = Instant::now();
        while self.ask(&format!("return Boolean({expression})")).await != json!(true) {
            let has_time = begun.elapsed() < PATIENCE;
            assert!(has_time, "waited in vain until {expression}; the page says:\n{}", self.text().await);
            tokio::time::sleep(Duration::from_millis(50)).await; // between two questions
        }
    }

    /// What stands on the page.
    pub(crate) async fn text(&self) -> String {
        self.ask("return document.body.innerText").await.as_str().unwrap_or_default().to_owned()
    }

    /// Presses a key, wherever the focus is.
    pub(crate) async fn press(&self, key: char) {
        let keys = KeyActions::new("keyboard".to_owned());
        let stroke = keys.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key });
        self.page.perform_actions(stroke).await.expect("pressed");
    }

    /// Writes, wherever the focus is.
    pub(crate) async fn write(&self, text: &str) {
        for key in text.chars() {
            self.press(key).await;
        }
    }

    /// Goes from one thing to the next, as somebody does who has no mouse, until `id` has the focus.
    pub(crate) async fn tab_to(&self, id: &str) {
        self.until(&format!("document.getElementById('{id}')")).await;
        for _ in 0..200 {
            if self.ask("return document.activeElement.id").await == json!(id) {
                return;
            }
            self.press(TAB).await;
        }
        panic!("{id} cannot be reached by the keyboard");
    }

    /// Clicks. What is there may be drawn anew between finding it and clicking: then it is found again.
    pub(crate) async fn click(&self, css: &str) {
        let begun = Instant::now();
        loop {
            self.until(&format!("document.querySelector({css:?})")).await;
            if let Ok(thing) = self.page.find(Locator::Css(css)).await
                && thing.click().await.is_ok()
            {
                return;
            }
            let has_time = begun.elapsed() < PATIENCE;
            assert!(has_time, "{css} cannot be clicked; the page says:\n{}", self.text().await);
            tokio::time::sleep(Duration::from_millis(100)).await; // between two questions
        }
    }

    /// A picture of the page, where somebody wants to see it.
    pub(crate) async fn picture(&self, name: &str) {
        if let Some(folder) = std::env::var_os("LMS_PICTURES") {
            let png = self.page.screenshot().await.expect("a picture");
            std::fs::write(std::path::Path::new(&folder).join(format!("{name}.png")), png).expect("written");
        }
    }

    pub(crate) async fn close(self) {
        let _ = self.page.clone().close().await;
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Killed, the driver would leave its browser behind; asked, it takes it along.
        let asked = TcpStream::connect(("127.0.0.1", self.port)).and_then(|mut stream| {
            stream.set_read_timeout(Some(Duration::from_secs(5)))?;
            stream.write_all(b"GET /shutdown HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
            stream.read_to_end(&mut Vec::new())
        });
        if asked.is_err() {
            let _ = self.driver.kill();
        }
        let _ = self.driver.wait();
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id");
    id.stdout.trim_ascii() == b"0"
}
