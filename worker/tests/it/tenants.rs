//! A tenant's own mail server and bucket, tried out and used, by real conversations.

use std::net::SocketAddr;

use devtools::mail::MailSink;
use secrecy::SecretString;
use serde_json::Value;
use shared::jobs::JobOptions;
use shared::notifications::{NewNotification, Notice, notify};
use shared::outbound::Outbound;
use shared::secret::TokenSeal;
use shared::tenants::jobs::{TestEmailSettings, TestStorageSettings};
use shared::tenants::{EmailSettings, EmailSettingsChanges, EmailTest, StorageSettings, StorageSettingsChanges};
use shared::testing::Logs;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use crate::world::World;

/// To whom mails go that try servers out.
const RECIPIENT: &str = "Admin@example.org";

/// A world in which settings may name this machine.
async fn at_home() -> World {
    let mut world = World::make().await;
    world.services.platform.outbound = "127.0.0.1".parse().expect("a list");
    world
}

async fn own_server(world: &World, server: SocketAddr, is_enabled: bool) {
    let place = EmailSettings::password_place(world.tenant);
    let vault = world.services.platform.vault().expect("a vault");
    let password = vault.seal(place, &SecretString::from("own-password")).expect("sealed");
    let changes = EmailSettingsChanges {
        is_enabled: Some(is_enabled),
        smtp_host: Some(server.ip().to_string()),
        smtp_port: Some(server.port().into()),
        smtp_password_sealed: Some(Some(password)),
        smtp_use_tls: Some(false),
        default_from_email: Some("school@example.org".to_owned()),
        default_from_name: Some("The School".to_owned()),
        ..EmailSettingsChanges::default()
    };
    let now = world.services.clock.now();
    let mut conn = world.db.tenant(world.tenant).await;
    EmailSettings::change(&mut conn, world.tenant, changes, None, now).await.expect("changed");
}

async fn told(world: &World, kind: &str) -> Value {
    let results =
        world.texts(&format!("select result::text as text from jobs where kind = '{kind}' order by id desc")).await;
    serde_json::from_str(results.first().expect("a job with a result")).expect("JSON")
}

async fn try_email(world: &World) -> Value {
    let mut conn = world.db.tenant(world.tenant).await;
    EmailTest::ask(&mut conn, world.tenant, RECIPIENT.to_owned(), JobOptions::default()).await.expect("asked");
    drop(conn);
    world.work().await;
    // Whatever came of it, nothing that is kept names the one to whom it went.
    let kept = "select t::text as text from jobs t union all select t::text from job_attempts t
        union all select t::text from job_effects t union all select t::text from tenant_email_tests t";
    let kept = world.texts(kept).await.concat();
    assert!(!kept.to_lowercase().contains(&RECIPIENT.to_lowercase()), "{kept}");
    told(world, "tenants.test_email_settings").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_test_mail_goes_by_the_tenants_own_server_also_before_it_is_switched_on() {
    let world = at_home().await;
    let own = MailSink::start(([127, 0, 0, 1], 0).into(), None).await.expect("a mail server");
    own_server(&world, own.address(), false).await;

    let result = try_email(&world).await;

    assert_eq!(result["success"], true, "{result}");
    let [mail] = &own.messages()[..] else { panic!("{:?}", own.messages()) };
    assert_eq!((mail.from.as_str(), mail.subject.as_str()), ("school@example.org", "A test of the mail server"));
    assert_eq!(mail.to, [RECIPIENT]);
    assert!(world.mail.messages().is_empty());
}

/// A mail server that knows nobody, and says whom it does not know.
async fn unknowing() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            let mut said = "220 ready".to_owned();
            while stream.write_all(format!("{said}\r\n").as_bytes()).await.is_ok() {
                let mut line = String::new();
                if stream.read_line(&mut line).await.unwrap_or_default() == 0 {
                    break;
                }
                said = match line.trim().strip_prefix("RCPT TO:") {
                    Some(recipient) => format!("550 5.1.1 {}: no such user", recipient.to_lowercase()),
                    None => "250 2.0.0 fine".to_owned(),
                };
            }
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_names_whom_it_does_not_know_is_quoted_without_the_name() {
    let world = at_home().await;
    own_server(&world, unknowing().await, false).await;

    let result = try_email(&world).await;

    assert_eq!(result["success"], false, "{result}");
    let message = result["message"].as_str().expect("a message");
    assert!(message.contains("no such user") && message.contains("the recipient"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_that_was_asked_for_in_an_older_release_is_to_be_asked_for_again() {
    let world = at_home().await;
    world.enqueue(&TestEmailSettings { tenant_id: world.tenant }).await;
    world.work().await;
    let result = told(&world, "tenants.test_email_settings").await;
    assert_eq!(result["success"], false, "{result}");
    assert!(result["message"].as_str().is_some_and(|message| message.ends_with("Ask again.")), "{result}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_of_a_mail_server_stands_in_a_log() {
    let logs = Logs::keep("debug,worker=trace,shared=trace");
    let world = at_home().await;
    let own = MailSink::start(([127, 0, 0, 1], 0).into(), None).await.expect("a mail server");
    own_server(&world, own.address(), false).await;
    let changes = EmailSettingsChanges { smtp_username: Some("lms".to_owned()), ..EmailSettingsChanges::default() };
    let mut conn = world.db.tenant(world.tenant).await;
    EmailSettings::change(&mut conn, world.tenant, changes, None, world.services.clock.now()).await.expect("changed");
    drop(conn);

    let result = try_email(&world).await;

    assert_eq!(result["success"], true, "{result}");
    // As it is, and as the conversation has it.
    for told in ["own-password", "\0lms\0own-password"] {
        assert_eq!(logs.lines_with(told), Vec::<String>::new());
    }
    assert!(logs.text().contains("DEBUG"), "it has been listened to");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_inside_the_network_is_not_even_connected_to() {
    let mut world = at_home().await;
    world.services.platform.outbound = Outbound::default();
    let own = MailSink::start(([127, 0, 0, 1], 0).into(), None).await.expect("a mail server");
    own_server(&world, own.address(), false).await;
    let result = try_email(&world).await;
    assert_eq!(result["success"], false, "{result}");
    // The port is refused first; on a mail server's port it is the host.
    let changes = EmailSettingsChanges { smtp_port: Some(25), ..EmailSettingsChanges::default() };
    let mut conn = world.db.tenant(world.tenant).await;
    EmailSettings::change(&mut conn, world.tenant, changes, None, world.services.clock.now()).await.expect("changed");
    drop(conn);
    let result = try_email(&world).await;
    assert_eq!(result["message"], "The host is not in the public internet.");
    assert!(own.messages().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_go_by_the_tenants_own_server_while_it_is_switched_on() {
    let world = at_home().await;
    let own = MailSink::start(([127, 0, 0, 1], 0).into(), None).await.expect("a mail server");
    let seal = TokenSeal::new(&world.services.platform.secret_key);
    for (is_enabled, by_own, by_platform) in [(true, 1, 0), (false, 1, 1)] {
        own_server(&world, own.address(), is_enabled).await;
        let mut conn = world.db.tenant(world.tenant).await;
        world.alice.ask_for_reset(&mut conn, &seal, chrono::Utc::now()).await.expect("asked");
        drop(conn);
        world.services.clock.advance(chrono::Utc::now() - world.services.clock.now());
        world.work().await;
        assert_eq!((own.messages().len(), world.mail.messages().len()), (by_own, by_platform), "{is_enabled}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_waits_for_the_tenants_own_server_and_does_not_go_another_way() {
    let mut world = at_home().await;
    let own = MailSink::start(([127, 0, 0, 1], 0).into(), None).await.expect("a mail server");
    own_server(&world, own.address(), true).await;
    // The platform lets nobody go inside any more.
    world.services.platform.outbound = Outbound::default();
    let seal = TokenSeal::new(&world.services.platform.secret_key);
    let mut conn = world.db.tenant(world.tenant).await;
    world.alice.ask_for_reset(&mut conn, &seal, chrono::Utc::now()).await.expect("asked");
    drop(conn);
    world.services.clock.advance(chrono::Utc::now() - world.services.clock.now());

    world.work().await;

    assert!(own.messages().is_empty() && world.mail.messages().is_empty());
    let waiting =
        world.texts("select state::text || ' ' || attempt as text from jobs where state = 'available' and attempt > 0");
    assert_eq!(waiting.await, ["available 1"]);
    let errors = world
        .texts("select coalesce(last_error, '') || coalesce(result::text, '') || args::text as text from jobs")
        .await;
    assert!(!errors.concat().contains("own-password"), "{errors:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_its_own_server_never_takes_has_failed_and_says_why() {
    let mut world = at_home().await;
    let own = MailSink::start(([127, 0, 0, 1], 0).into(), None).await.expect("a mail server");
    own_server(&world, own.address(), true).await;
    world.services.platform.outbound = Outbound::default();
    let news = NewNotification {
        tenant: world.tenant,
        recipient: world.alice.id,
        notice: Notice::CourseCompletion { course_title: "Knots".to_owned(), course_slug: "knots".to_owned() },
        dedupe_key: "once".to_owned(),
    };
    let mut conn = world.db.tenant(world.tenant).await;
    notify(&mut conn, &news, world.services.clock.now()).await.expect("told");
    drop(conn);
    let last = "update jobs set max_attempts = 1 where kind = 'notifications.deliver_email' returning kind as text";
    assert_eq!(world.texts(last).await.len(), 1);

    world.work().await;

    let delivery =
        "select status::text || ': ' || failure_reason as text from notification_deliveries where channel = 'EMAIL'";
    let told = world.texts(delivery).await.concat();
    assert!(told.starts_with("FAILED: Port ") && told.ends_with(" is not one that may be called."), "{told}");
    assert!(own.messages().is_empty() && world.mail.messages().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_inside_the_network_is_not_even_connected_to() {
    let mut world = World::make().await;
    let place = StorageSettings::secret_place(world.tenant);
    let vault = world.services.platform.vault().expect("a vault");
    let canary = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = canary.local_addr().expect("an address").port();
    // The exception is for a name, and this is its address.
    world.services.platform.outbound = format!("localhost:{port}").parse().expect("a list");
    for (endpoint, message) in [
        ("https://127.0.0.1", "The host is not in the public internet."),
        ("https://[::ffff:127.0.0.1]", "The host is not in the public internet."),
        ("https://169.254.169.254", "The host is not in the public internet."),
        ("http://169.254.169.254", "Port 80 is not one that may be called."),
        (&format!("http://127.0.0.1:{port}"), "is not one that may be called."),
    ] {
        let changes = StorageSettingsChanges {
            s3_bucket_name: Some("lms".to_owned()),
            s3_endpoint_url: Some(endpoint.to_owned()),
            s3_access_key_id: Some("access".to_owned()),
            s3_secret_access_key_sealed: Some(Some(vault.seal(place, &SecretString::from("secret")).expect("sealed"))),
            ..StorageSettingsChanges::default()
        };
        let mut conn = world.db.tenant(world.tenant).await;
        let now = world.services.clock.now();
        StorageSettings::change(&mut conn, world.tenant, changes, None, now).await.expect("changed");
        drop(conn);
        world.enqueue(&TestStorageSettings { tenant_id: world.tenant }).await;
        world.work().await;
        let result = told(&world, "tenants.test_storage_settings").await;
        assert_eq!(result["success"], false, "{endpoint}");
        assert!(result["message"].as_str().is_some_and(|text| text.ends_with(message)), "{endpoint}: {result}");
    }
    let knocked = tokio::time::timeout(std::time::Duration::from_millis(50), canary.accept()).await;
    assert!(knocked.is_err(), "somebody came in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_tried_out_by_writing_and_removing() {
    let world = at_home().await;
    world.enqueue(&TestStorageSettings { tenant_id: world.tenant }).await;
    world.work().await;
    assert_eq!(told(&world, "tenants.test_storage_settings").await["success"], false, "nothing is set");

    for (secret, works) in [("secret", true), ("another-secret", false)] {
        let place = StorageSettings::secret_place(world.tenant);
        let vault = world.services.platform.vault().expect("a vault");
        let changes = StorageSettingsChanges {
            s3_bucket_name: Some("lms".to_owned()),
            s3_endpoint_url: Some(world.s3_endpoint()),
            s3_access_key_id: Some("access".to_owned()),
            s3_secret_access_key_sealed: Some(Some(vault.seal(place, &SecretString::from(secret)).expect("sealed"))),
            ..StorageSettingsChanges::default()
        };
        let mut conn = world.db.tenant(world.tenant).await;
        StorageSettings::change(&mut conn, world.tenant, changes, None, world.services.clock.now())
            .await
            .expect("changed");
        drop(conn);
        world.enqueue(&TestStorageSettings { tenant_id: world.tenant }).await;
        world.work().await;
        let result = told(&world, "tenants.test_storage_settings").await;
        assert_eq!(result["success"], works, "{secret}: {result}");
        assert!(!result.to_string().contains("secret"), "{result}");
    }
}
