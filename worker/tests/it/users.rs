//! Mails about accounts, by a real conversation with a mail server.

use std::sync::Arc;

use devtools::mail::{MailSink, Message};
use shared::clock::Clock;
use shared::secret::TokenSeal;
use shared::testing::{TestDb, make};
use shared::users::{NewUser, OneTimeToken, User, UserRole, UserStatus};
use worker::context::Services;
use worker::drain::drain;

use crate::support::services_with;

struct World {
    db: TestDb,
    services: Services,
    seal: TokenSeal,
    sink: MailSink,
}

impl World {
    async fn make() -> Self {
        let db = TestDb::lease().await;
        let sink = MailSink::start(([127, 0, 0, 1], 0).into(), None).await.expect("a sink");
        let port = sink.address().port().to_string();
        let services = services_with(&db, Clock::Wall, &[("EMAIL_PORT", port)]);
        let seal = TokenSeal::new(&services.platform.secret_key);
        Self { db, services, seal, sink }
    }

    /// Links expire by the wall, and so does the job that mails them.
    fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.services.clock.now()
    }

    async fn work(&self) -> Vec<Arc<Message>> {
        drain(&self.services, worker::registry, self.services.clock.now()).await.expect("drained");
        self.sink.messages()
    }

    /// The person whom the link of a mail lets in.
    async fn follow(&self, mail: &Message) -> Option<User> {
        let text = mail.text.as_deref().expect("a text part");
        let token = text.split("&token=").nth(1).expect("a link").split_whitespace().next().expect("a token");
        let mut conn = self.db.platform().await;
        let found = OneTimeToken::find_good(&mut conn, token, &self.seal, self.now()).await.expect("an answer");
        found.map(|(_, user)| user)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_of_a_reset_mail_leads_to_its_person() {
    let world = World::make().await;
    let tenant = make::tenant(&world.db).await;
    let user = make::user(tenant.id).name("Alice", "Williams").make(&world.db).await;
    let mut conn = world.db.tenant(tenant.id).await;
    user.ask_for_reset(&mut conn, &world.seal, world.now()).await.expect("asked");

    let mails = world.work().await;

    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, [user.email.as_str()]);
    assert_eq!(mails[0].subject, format!("Choose a new password for {}", tenant.name));
    let text = mails[0].text.as_deref().expect("a text part");
    assert!(text.contains(&format!("https://learn.example.org/reset-password?uid={}&token=", user.id)), "{text}");
    assert!(text.contains("60 minutes") && text.contains("Hello Alice Williams"), "{text}");
    assert!(mails[0].html.as_deref().expect("an HTML part").contains("/reset-password?uid="));
    assert_eq!(world.follow(&mails[0]).await.map(|found| found.id), Some(user.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_names_who_invites_and_its_link_is_theirs() {
    let world = World::make().await;
    let tenant = make::tenant(&world.db).await;
    let admin = make::user(tenant.id).role(UserRole::Admin).name("Ada", "Admin").make(&world.db).await;
    let new = NewUser {
        tenant: Some(tenant.id),
        email: "new@example.org".to_owned(),
        first_name: String::new(),
        last_name: String::new(),
        role: UserRole::Instructor,
        password_hash: None,
    };
    let mut conn = world.db.tenant(tenant.id).await;
    let user = User::create(&mut conn, new, Some(admin.id), &world.seal, world.now()).await.expect("somebody new");
    assert_eq!(user.status, UserStatus::Invited);

    let mails = world.work().await;

    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].subject, format!("Ada Admin invites you to {}", tenant.name));
    assert!(mails[0].text.as_deref().expect("a text part").contains("as an instructor"));
    assert_eq!(world.follow(&mails[0]).await.map(|found| found.id), Some(user.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_superuser_is_told_of_a_changed_password_too() {
    let world = World::make().await;
    let user = make::user(None).make(&world.db).await;
    let session = make::session(&world.db, &user).await;
    let mut conn = world.db.platform().await;
    assert!(user.change_password(&mut conn, "hash", session, make::morning()).await.expect("changed"));

    let mails = world.work().await;

    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].subject, "Your password was changed");
    assert!(mails[0].text.as_deref().expect("a text part").contains("5 January 2026 at 09:00 (UTC)"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_may_have_gone_out_comes_again_under_the_same_id() {
    let world = World::make().await;
    let tenant = make::tenant(&world.db).await;
    let user = make::user(tenant.id).make(&world.db).await;
    let mut conn = world.db.tenant(tenant.id).await;
    user.ask_for_reset(&mut conn, &world.seal, world.now()).await.expect("asked");
    world.sink.lose_answers(1);

    world.work().await;
    drain(&world.services, worker::registry, world.now() + chrono::TimeDelta::minutes(30)).await.expect("drained");

    let deliveries = world.sink.deliveries();
    assert_eq!(deliveries.values().copied().collect::<Vec<_>>(), [2], "{deliveries:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_mail_goes_to_who_was_suspended_meanwhile() {
    let world = World::make().await;
    let tenant = make::tenant(&world.db).await;
    let user = make::user(tenant.id).make(&world.db).await;
    let mut conn = world.db.tenant(tenant.id).await;
    user.ask_for_reset(&mut conn, &world.seal, world.now()).await.expect("asked");
    make::suspend(&world.db, user.id).await;

    assert_eq!(world.work().await.len(), 0);
}
