//! Folders, files and uploads. What a file has in the store is the test's business.

use diesel_async::RunQueryDsl;

use super::{morning, serial};
use crate::db::schema::folders;
use crate::files::{Arrived, File, FileRow, Finding, Folder, NewUpload, Upload, Verdict};
use crate::ids::{FileId, FolderId, TenantId};
use crate::testing::TestDb;
use crate::users::{User, UserRole};

/// Room for everything.
const QUOTA: i64 = 1_000_000_000;

/// A folder at the root that is open to these roles.
pub async fn folder(db: &TestDb, tenant: TenantId, visible_to: UserRole, writable_by: UserRole) -> Folder {
    let folder = Folder {
        id: FolderId::new(),
        tenant_id: tenant,
        parent_id: None,
        name: format!("Folder {}", serial()),
        visible_to,
        writable_by,
        created_by: None,
        version: 1,
        created_at: morning(),
        updated_at: morning(),
    };
    diesel::insert_into(folders::table).values(&folder).execute(&mut *db.tenant(tenant).await).await.expect("a folder");
    folder
}

/// An upload of this person's that goes to the store directly and has not begun there.
pub async fn upload(db: &TestDb, user: &User, filename: &str, folder: Option<FolderId>) -> Upload {
    let tenant = user.tenant_id.expect("a person of a tenant");
    let new = NewUpload {
        user: user.id,
        filename: filename.to_owned(),
        folder,
        file: None,
        comment: String::new(),
        expires_at: morning() + chrono::TimeDelta::days(1),
    };
    let upload = Upload {
        promised_bytes: Some(5),
        reserved_bytes: 5,
        part_bytes: Some(5),
        ..Upload::new(tenant, new, morning())
    };
    upload.begin(&mut *db.tenant(tenant).await, QUOTA).await.expect("begun");
    upload
}

/// A file of five bytes that waits to be looked at.
pub async fn unseen_file(db: &TestDb, user: &User, filename: &str, folder: Option<FolderId>) -> FileRow {
    let upload = upload(db, user, filename, folder).await;
    let mut conn = db.tenant(upload.tenant_id).await;
    let arrived = Arrived { size_bytes: 5, sha256: None };
    let id = upload.arrive(&mut conn, arrived, morning()).await.expect("arrived");
    file_row(db, upload.tenant_id, id).await
}

/// A file of five bytes that was let pass.
pub async fn file(db: &TestDb, user: &User, filename: &str, folder: Option<FolderId>) -> FileRow {
    let row = unseen_file(db, user, filename, folder).await;
    let finding = Finding { verdict: Verdict::Clean, sha256: vec![0; 32], dimensions: None };
    let mut conn = db.tenant(row.file.tenant_id).await;
    assert!(row.content.settle(&mut conn, &finding, morning()).await.expect("settled"));
    drop(conn);
    file_row(db, row.file.tenant_id, row.file.id).await
}

async fn file_row(db: &TestDb, tenant: TenantId, id: FileId) -> FileRow {
    File::find(&mut *db.tenant(tenant).await, tenant, id).await.expect("an answer").expect("the file")
}
