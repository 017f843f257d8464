use std::time::Duration;

use devtools::mail::MailSink;
use lettre::message::MultiPart;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::ANYWHERE;

const SOON: Duration = Duration::from_secs(30);

async fn sink() -> MailSink {
    MailSink::start(ANYWHERE, None).await.unwrap()
}

fn mailer(sink: &MailSink) -> AsyncSmtpTransport<Tokio1Executor> {
    AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1").port(sink.address().port()).build()
}

fn greeting(to: &str) -> Message {
    Message::builder()
        .from("LMS <lms@example.com>".parse().unwrap())
        .to(to.parse().unwrap())
        .subject("Grüße, 世界")
        .message_id(Some("<one@example.com>".to_owned()))
        .multipart(MultiPart::alternative_plain_html(
            "Hallo\n.a line with a dot\n".to_owned(),
            "<p>Hallo</p>".to_owned(),
        ))
        .unwrap()
}

/// Sends `commands` in one piece, as a pipelining client does, and returns the answers' codes.
async fn converse(sink: &MailSink, commands: &str) -> Vec<u16> {
    let mut stream = TcpStream::connect(sink.address()).await.unwrap();
    let commands = commands.trim_start().replace('\n', "\r\n");
    stream.write_all(commands.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.unwrap();
    let last_lines = answers.lines().filter(|line| line.as_bytes()[3] == b' ');
    last_lines.map(|line| line[..3].parse().unwrap()).collect()
}

#[tokio::test]
async fn a_message_reads_as_it_was_sent() {
    let sink = sink().await;
    let arrival = sink.wait_for(1, SOON);
    let sending = async { mailer(&sink).send(greeting("Zoë <zoe@example.com>")).await.unwrap() };

    let (messages, _) = tokio::join!(arrival, sending);

    let message = &messages.unwrap()[0];
    assert_eq!(message.from, "lms@example.com");
    assert_eq!(message.to, ["zoe@example.com"]);
    assert_eq!(message.subject, "Grüße, 世界");
    assert_eq!(message.message_id.as_deref(), Some("one@example.com"));
    assert_eq!(message.text.as_deref(), Some("Hallo\r\n.a line with a dot\r\n"));
    assert_eq!(message.html.as_deref(), Some("<p>Hallo</p>"));
    assert!(message.header("content-type").unwrap().starts_with("multipart/alternative"));
    assert!(message.is_to("ZOE@example.com") && !message.is_to("eve@example.com"));
}

#[tokio::test]
async fn credentials_are_accepted_by_either_mechanism() {
    use lettre::transport::smtp::authentication::Mechanism;
    let sink = sink().await;
    for mechanism in [Mechanism::Plain, Mechanism::Login] {
        let mailer = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
            .port(sink.address().port())
            .credentials(Credentials::new("any".to_owned(), "thing".to_owned()))
            .authentication(vec![mechanism])
            .build();
        mailer.send(greeting("zoe@example.com")).await.unwrap();
    }
    assert_eq!(sink.deliveries()["one@example.com"], 2);
}

#[tokio::test]
async fn a_pipelined_conversation_is_answered_in_order() {
    let sink = sink().await;
    let codes = converse(
        &sink,
        "
EHLO client
MAIL FROM:<> SIZE=100 BODY=8BITMIME SMTPUTF8
RCPT TO:<zoë@example.com>
RCPT TO:<postmaster>
DATA
Subject: hi

..one dot
.
NOOP
RSET
VRFY zoe
QUIT
",
    )
    .await;
    assert_eq!(codes, [220, 250, 250, 250, 250, 354, 250, 250, 250, 252, 221]);
    let messages = sink.messages();
    assert_eq!(messages[0].to, ["zoë@example.com", "postmaster"]);
    assert_eq!(messages[0].raw, b"Subject: hi\r\n\r\n.one dot\r\n");
}

#[tokio::test]
async fn commands_out_of_order_are_refused() {
    let sink = sink().await;
    for (commands, code) in [
        ("MAIL FROM:<a@b>\n", 503),
        ("EHLO c\nRCPT TO:<a@b>\n", 503),
        ("EHLO c\nDATA\n", 503),
        ("EHLO c\nMAIL FROM:<a@b>\nDATA\n", 503),
        ("EHLO c\nMAIL FROM:<a@b>\nMAIL FROM:<a@b>\n", 503),
        ("EHLO c\nMAIL FROM:<a@b>\nRSET\nRCPT TO:<a@b>\n", 503),
        ("EHLO c\nMAIL FROM:<a@b>\nEHLO c\nRCPT TO:<a@b>\n", 503),
        ("AUTH PLAIN AGEAYg==\n", 503),
    ] {
        assert_eq!(converse(&sink, commands).await.last(), Some(&code), "{commands}");
    }
}

#[tokio::test]
async fn malformed_commands_are_refused() {
    let sink = sink().await;
    for (command, code) in [
        ("EHLO", 501),
        ("MAIL FROM:a@b", 501),
        ("MAIL FROM:<ab>", 501),
        ("MAIL FROM:<é@b>", 501),
        ("MAIL FROM:<a@b> SIZE=many", 501),
        ("MAIL FROM:<a@b> SIZE=999999999", 552),
        ("MAIL FROM:<a@b> COLOUR=red", 555),
        ("AUTH PLAIN !", 501),
        ("AUTH CRAM-MD5", 504),
        ("STARTTLS", 500),
    ] {
        let codes = converse(&sink, &format!("EHLO c\n{command}\n")).await;
        assert_eq!(codes, [220, 250, code], "{command}");
    }
    let endless = format!("NOOP {}", "x".repeat(5000));
    assert_eq!(converse(&sink, &endless).await, [220, 500]);
}

#[tokio::test]
async fn a_bare_line_feed_does_not_smuggle_a_message() {
    let sink = sink().await;
    let mut stream = TcpStream::connect(sink.address()).await.unwrap();
    let start = b"EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n";
    let smuggled = b"hi\n.\nMAIL FROM:<x@y>\r\n.\r\nQUIT\r\n";
    stream.write_all(&[&start[..], smuggled].concat()).await.unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.unwrap();
    assert!(answers.ends_with("550 5.6.11 A line feed without a carriage return\r\n221 2.0.0 Bye\r\n"));
    assert!(sink.messages().is_empty());
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused_and_the_conversation_goes_on() {
    let sink = sink().await;
    let line = format!("{}\n", "x".repeat(1_000_000));
    let commands = format!("EHLO c\nMAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA\n{}.\nNOOP\n", line.repeat(27));
    assert_eq!(converse(&sink, &commands).await, [220, 250, 250, 250, 354, 552, 250]);
    assert!(sink.messages().is_empty());
}

#[tokio::test]
async fn a_failure_that_was_asked_for_happens_once() {
    let sink = sink().await;
    let mailer = mailer(&sink);
    sink.fail_next(1, 451);
    sink.fail_next(1, 550);

    let transient = mailer.send(greeting("zoe@example.com")).await.unwrap_err();
    let permanent = mailer.send(greeting("zoe@example.com")).await.unwrap_err();
    mailer.send(greeting("zoe@example.com")).await.unwrap();

    assert!(transient.is_transient() && permanent.is_permanent());
    assert_eq!(sink.messages().len(), 1);
}

#[tokio::test]
async fn a_lost_answer_leaves_a_message_that_the_sender_does_not_know_of() {
    let sink = sink().await;
    sink.lose_answers(1);
    mailer(&sink).send(greeting("zoe@example.com")).await.unwrap_err();
    assert_eq!(sink.messages().len(), 1);
}

#[tokio::test]
async fn waiting_in_vain_says_what_there_is() {
    let sink = sink().await;
    mailer(&sink).send(greeting("zoe@example.com")).await.unwrap();
    let error = sink.wait_for(2, Duration::from_millis(20)).await.unwrap_err();
    assert!(error.to_string().contains("Grüße, 世界"), "{error}");
}

#[tokio::test]
async fn mail_on_disk_outlives_the_server() {
    let dir = tempfile::tempdir().unwrap();
    let open = || MailSink::start(ANYWHERE, Some(dir.path().join("mail")));
    let sink = open().await.unwrap();
    mailer(&sink).send(greeting("zoe@example.com")).await.unwrap();
    let sent = sink.messages();
    drop(sink);

    let sink = open().await.unwrap();
    let kept = sink.messages();
    assert_eq!(kept[0].raw, sent[0].raw);
    assert_eq!((&kept[0].from, &kept[0].to), (&sent[0].from, &sent[0].to));
    assert_eq!(kept[0].received_at, sent[0].received_at);

    mailer(&sink).send(greeting("zoe@example.com")).await.unwrap();
    assert_eq!(sink.messages().last().unwrap().number, 2);
    sink.clear().await.unwrap();
    drop(sink);
    assert!(open().await.unwrap().messages().is_empty());
}
