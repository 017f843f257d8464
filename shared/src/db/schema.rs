// @generated from the database by shared/src/testing/schema.sql. Do not edit: run `./lms accept`.

/// PostgreSQL's enum types.
pub mod sql_types {
    /// `announcement_obstacle`
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "announcement_obstacle"))]
    pub struct AnnouncementObstacle;

    /// `announcement_status`
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "announcement_status"))]
    pub struct AnnouncementStatus;

    /// `announcement_target`
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "announcement_target"))]
    pub struct AnnouncementTarget;

    /// `certificate_status`
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "certificate_status"))]
    pub struct CertificateStatus;

    /// `content_type`
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "content_type"))]
    pub struct ContentType;

    /// `course_status`
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "course_status"))]
    pub struct CourseStatus;

    /// `delivery_channel`
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "delivery_channel"))]
    pub struct DeliveryChannel;

    /// `delivery_status`
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "delivery_status"))]
    pub struct DeliveryStatus;

    /// `device_type`
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "device_type"))]
    pub struct DeviceType;

    /// `difficulty_level`
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "difficulty_level"))]
    pub struct DifficultyLevel;

    /// `digest_frequency`
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "digest_frequency"))]
    pub struct DigestFrequency;

    /// `enrollment_cause`
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "enrollment_cause"))]
    pub struct EnrollmentCause;

    /// `enrollment_status`
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "enrollment_status"))]
    pub struct EnrollmentStatus;

    /// `file_status`
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "file_status"))]
    pub struct FileStatus;

    /// `import_outcome`
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "import_outcome"))]
    pub struct ImportOutcome;

    /// `import_state`
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "import_state"))]
    pub struct ImportState;

    /// `import_undo`
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "import_undo"))]
    pub struct ImportUndo;

    /// `job_state`
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "job_state"))]
    pub struct JobState;

    /// `notification_type`
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "notification_type"))]
    pub struct NotificationType;

    /// `one_time_token_purpose`
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "one_time_token_purpose"))]
    pub struct OneTimeTokenPurpose;

    /// `prerequisite_type`
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "prerequisite_type"))]
    pub struct PrerequisiteType;

    /// `progress_status`
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "progress_status"))]
    pub struct ProgressStatus;

    /// `scan_result`
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "scan_result"))]
    pub struct ScanResult;

    /// `sso_provider_type`
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "sso_provider_type"))]
    pub struct SsoProviderType;

    /// `thread_status`
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "thread_status"))]
    pub struct ThreadStatus;

    /// `user_role`
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "user_role"))]
    pub struct UserRole;

    /// `user_status`
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "user_status"))]
    pub struct UserStatus;
}

diesel::table! {
    use diesel::sql_types::*;

    /// Whom an announcement to chosen people names.
    announcement_recipients (announcement_id, user_id) {
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `announcement_id`.
        announcement_id -> Uuid,
        /// The column `user_id`.
        user_id -> Uuid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::*;

    /// Words of an administrator or an instructor to many.
    announcements (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `author_id`.
        author_id -> Nullable<Uuid>,
        /// The column `title`.
        title -> Text,
        /// The column `message`.
        message -> Text,
        /// The column `target_type`.
        target_type -> AnnouncementTarget,
        /// The column `target_course_id`.
        target_course_id -> Nullable<Uuid>,
        /// The column `target_group_id`.
        target_group_id -> Nullable<Uuid>,
        /// The column `status`.
        status -> AnnouncementStatus,
        /// The column `scheduled_at`.
        scheduled_at -> Nullable<Timestamptz>,
        /// When sending began.
        sent_at -> Nullable<Timestamptz>,
        /// How many people were meant, also those who do not want to hear of it.
        recipients_count -> Int4,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
        /// What stood in its way when its time came; null for what a person gave up.
        cancelled_because -> Nullable<AnnouncementObstacle>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What people, jobs and operators changed. Lines are added and never changed.
    audit_log (id) {
        /// The column `id`.
        id -> Uuid,
        /// Whose rows were changed; null for the platform's own. No reference: the log outlives the tenant.
        tenant_id -> Nullable<Uuid>,
        /// By the database's clock, which no request sets.
        at -> Timestamptz,
        /// The person who did it, or who asked for the job that did it. No reference: the log outlives the person.
        actor_id -> Nullable<Uuid>,
        /// The column `job_id`.
        job_id -> Nullable<Uuid>,
        /// The column `request_id`.
        request_id -> Nullable<Text>,
        /// insert, update, delete, or a verb for what is no change of a row.
        action -> Text,
        /// The column `subject_type`.
        subject_type -> Text,
        /// The column `subject_id`.
        subject_id -> Nullable<Text>,
        /// What the row was called at the time.
        subject_name -> Nullable<Text>,
        /// Of an update the columns that changed, of a deletion all.
        before -> Nullable<Jsonb>,
        /// Of an update the columns that changed, of an insertion all.
        after -> Nullable<Jsonb>,
        /// Who did it at a terminal or on the operators' page, which know nobody by an account: the system's user and host, or an address.
        operator -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// How a course's certificates are given; a course without a row gives them for ever.
    certificate_rules (course_id) {
        /// The column `course_id`.
        course_id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// A certificate expires so many days after the completion; null for never. Those that were issued keep what they were issued with.
        valid_days -> Nullable<Int4>,
        /// The column `version`.
        version -> Int4,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::*;

    /// Proof of a completed course. Names are frozen at issue: renaming a course does not change what was earned.
    certificates (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `enrollment_id`.
        enrollment_id -> Uuid,
        /// The column `user_id`.
        user_id -> Uuid,
        /// The column `course_id`.
        course_id -> Uuid,
        /// PENDING until the PDF is stored.
        status -> CertificateStatus,
        /// The column `learner_name`.
        learner_name -> Text,
        /// The column `course_title`.
        course_title -> Text,
        /// The column `instructor_name`.
        instructor_name -> Nullable<Text>,
        /// The column `description`.
        description -> Text,
        /// Printed on the page; whoever knows it may verify it without signing in.
        verification_code -> Uuid,
        /// The column `issued_at`.
        issued_at -> Timestamptz,
        /// The column `expires_at`.
        expires_at -> Nullable<Timestamptz>,
        /// The column `revoked_at`.
        revoked_at -> Nullable<Timestamptz>,
        /// The column `revoked_because`.
        revoked_because -> Nullable<Text>,
        /// The object's key in the store; links are signed when asked for.
        file_key -> Nullable<Text>,
        /// The column `file_size_bytes`.
        file_size_bytes -> Nullable<Int8>,
        /// The column `rendered_at`.
        rendered_at -> Nullable<Timestamptz>,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
        /// When its holder was told that it will expire.
        expiry_told_at -> Nullable<Timestamptz>,
        /// Since when its present term runs, if not since it was issued.
        renewed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::*;

    /// The table `content_items`.
    content_items (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The module's course, repeated so that counting a course's items needs no join; the foreign key keeps them equal.
        course_id -> Uuid,
        /// The column `module_id`.
        module_id -> Uuid,
        /// The column `title`.
        title -> Text,
        /// The column `content_type`.
        content_type -> ContentType,
        /// The column `position`.
        position -> Int4,
        /// The column `text_content`.
        text_content -> Nullable<Text>,
        /// The column `external_url`.
        external_url -> Nullable<Text>,
        /// The column `metadata`.
        metadata -> Jsonb,
        /// The column `is_published`.
        is_published -> Bool,
        /// Counts towards completion while it is published.
        is_required -> Bool,
        /// The column `version`.
        version -> Int4,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
        /// The column `release_at`.
        release_at -> Nullable<Timestamptz>,
        /// Days after the learner began to take part. With release_at, too, the later one counts.
        release_after_days -> Nullable<Int4>,
        /// From this instant on learners do not see it any more.
        available_until -> Nullable<Timestamptz>,
        /// When it was published for the first time: learners are told of it once.
        first_published_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::*;

    /// What an item was after each change of its content. Written once, never changed.
    content_versions (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `course_id`.
        course_id -> Uuid,
        /// The column `content_item_id`.
        content_item_id -> Uuid,
        /// The column `number`.
        number -> Int4,
        /// The column `title`.
        title -> Text,
        /// The column `content_type`.
        content_type -> ContentType,
        /// The column `text_content`.
        text_content -> Nullable<Text>,
        /// The column `external_url`.
        external_url -> Nullable<Text>,
        /// The column `metadata`.
        metadata -> Jsonb,
        /// The column `comment`.
        comment -> Text,
        /// The names of what differs from the version before; empty for the first.
        changed_fields -> Jsonb,
        /// Of the text, against the version before.
        lines_added -> Int4,
        /// The column `lines_removed`.
        lines_removed -> Int4,
        /// The number of the version that was brought back.
        restored_from -> Nullable<Int4>,
        /// The column `author_id`.
        author_id -> Nullable<Uuid>,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// Whether it was written down which file the item showed; not in versions of before this column.
        knows_file -> Bool,
        /// The file that the item showed; null when it showed none or the file is gone.
        file_id -> Nullable<Uuid>,
        /// What that file was called; null when the item showed none.
        filename -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::*;

    /// The table `course_prerequisites`.
    course_prerequisites (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `course_id`.
        course_id -> Uuid,
        /// The column `prerequisite_course_id`.
        prerequisite_course_id -> Uuid,
        /// The column `prerequisite_type`.
        prerequisite_type -> PrerequisiteType,
        /// The column `minimum_completion_percentage`.
        minimum_completion_percentage -> Int2,
        /// The column `created_at`.
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::*;

    /// What is taught. A draft, then published, then archived.
    courses (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `title`.
        title -> Text,
        /// The column `slug`.
        slug -> Text,
        /// The column `description`.
        description -> Text,
        /// The column `category`.
        category -> Text,
        /// The column `difficulty_level`.
        difficulty_level -> DifficultyLevel,
        /// Hours.
        estimated_duration -> Int4,
        /// In hundredths; a string with two decimals on the wire.
        price_cents -> Int8,
        /// The column `is_free`.
        is_free -> Bool,
        /// Enrolling oneself waits for an instructor.
        requires_approval -> Bool,
        /// The column `learning_objectives`.
        learning_objectives -> Jsonb,
        /// The column `tags`.
        tags -> Jsonb,
        /// The column `thumbnail`.
        thumbnail -> Nullable<Text>,
        /// The column `instructor_id`.
        instructor_id -> Nullable<Uuid>,
        /// The column `status`.
        status -> CourseStatus,
        /// The column `published_at`.
        published_at -> Nullable<Timestamptz>,
        /// The column `version`.
        version -> Int4,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Events of a UTC day by kind: how many, and by how many people.
    daily_rollups (tenant_id, day, event_type) {
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `day`.
        day -> Date,
        /// The column `event_type`.
        event_type -> Text,
        /// The column `events`.
        events -> Int8,
        /// The column `people`.
        people -> Int8,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The table `discussion_bookmarks`.
    discussion_bookmarks (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `thread_id`.
        thread_id -> Uuid,
        /// The column `user_id`.
        user_id -> Uuid,
        /// The column `created_at`.
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The table `discussion_followers`.
    discussion_followers (thread_id, user_id) {
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `thread_id`.
        thread_id -> Uuid,
        /// The column `user_id`.
        user_id -> Uuid,
        /// Who opens a thread or replies follows it; off for those who do not want to, whatever they write.
        is_following -> Bool,
        /// The column `created_at`.
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The table `discussion_replies`.
    discussion_replies (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `thread_id`.
        thread_id -> Uuid,
        /// What it answers; null when that is the thread.
        parent_id -> Nullable<Uuid>,
        /// The reply to the thread at the top of its branch; null when it is that itself.
        root_id -> Nullable<Uuid>,
        /// How many replies are above it.
        depth -> Int2,
        /// The column `author_id`.
        author_id -> Uuid,
        /// The column `content`.
        content -> Text,
        /// The column `is_hidden`.
        is_hidden -> Bool,
        /// The column `hidden_reason`.
        hidden_reason -> Text,
        /// The column `edited_at`.
        edited_at -> Nullable<Timestamptz>,
        /// Its words are shown to nobody; its place is, while there are replies below it.
        deleted_at -> Nullable<Timestamptz>,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
        /// Goes up with each change; its ETag.
        version -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The table `discussion_reply_likes`.
    discussion_reply_likes (reply_id, user_id) {
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `reply_id`.
        reply_id -> Uuid,
        /// The column `user_id`.
        user_id -> Uuid,
        /// The column `created_at`.
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The table `discussion_thread_likes`.
    discussion_thread_likes (thread_id, user_id) {
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `thread_id`.
        thread_id -> Uuid,
        /// The column `user_id`.
        user_id -> Uuid,
        /// The column `created_at`.
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::*;

    /// Questions and talk of those who take part in a course.
    discussion_threads (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `course_id`.
        course_id -> Uuid,
        /// The column `module_id`.
        module_id -> Nullable<Uuid>,
        /// The column `content_item_id`.
        content_item_id -> Nullable<Uuid>,
        /// The column `author_id`.
        author_id -> Uuid,
        /// The column `title`.
        title -> Text,
        /// The column `content`.
        content -> Text,
        /// The column `status`.
        status -> ThreadStatus,
        /// The column `is_pinned`.
        is_pinned -> Bool,
        /// The column `is_announcement`.
        is_announcement -> Bool,
        /// When somebody last replied, else when it was opened. Editing does not make it new.
        last_activity_at -> Timestamptz,
        /// The column `edited_at`.
        edited_at -> Nullable<Timestamptz>,
        /// Seen by nobody any more; kept for the record.
        deleted_at -> Nullable<Timestamptz>,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
        /// From all but its author and those who run the course, with all replies in it.
        is_hidden -> Bool,
        /// The column `hidden_reason`.
        hidden_reason -> Text,
        /// Goes up with each change; its ETag. What is said and marked in it is none.
        version -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Who has seen a thread, and when last: how many have is its view count.
    discussion_views (thread_id, user_id) {
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `thread_id`.
        thread_id -> Uuid,
        /// The column `user_id`.
        user_id -> Uuid,
        /// The column `last_viewed_at`.
        last_viewed_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// A tenant's own words in place of a built-in mail's; a part that is null is the built-in one.
    email_templates (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `name`.
        name -> Text,
        /// The column `subject`.
        subject -> Nullable<Text>,
        /// The column `text_body`.
        text_body -> Nullable<Text>,
        /// The column `html_body`.
        html_body -> Nullable<Text>,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::*;

    /// Every status that an enrollment has had. Written by a trigger, so that no way of changing it is forgotten.
    enrollment_changes (number) {
        /// The column `number`.
        number -> Int8,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `enrollment_id`.
        enrollment_id -> Uuid,
        /// The column `from_status`.
        from_status -> Nullable<EnrollmentStatus>,
        /// The column `to_status`.
        to_status -> EnrollmentStatus,
        /// The column `cause`.
        cause -> EnrollmentCause,
        /// The column `changed_by`.
        changed_by -> Nullable<Uuid>,
        /// The column `changed_at`.
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::*;

    /// The table `enrollment_import_rows`.
    enrollment_import_rows (import_id, row_number) {
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `import_id`.
        import_id -> Uuid,
        /// The column `row_number`.
        row_number -> Int4,
        /// The column `email`.
        email -> Text,
        /// The column `outcome`.
        outcome -> ImportOutcome,
        /// No reference: the row tells of it also after it was taken back.
        enrollment_id -> Nullable<Uuid>,
        /// What the enrollment was, if there was one: status, cause, expires_at, removed, group_id, started_at.
        before -> Nullable<Jsonb>,
        /// The change of status that it made. Who has made a later one keeps it.
        change_number -> Nullable<Int8>,
        /// What became of it when the file was taken back.
        undo -> Nullable<ImportUndo>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::*;

    /// The table `enrollment_imports`.
    enrollment_imports (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `course_id`.
        course_id -> Uuid,
        /// The column `is_dry_run`.
        is_dry_run -> Bool,
        /// The column `state`.
        state -> ImportState,
        /// The file as it came.
        source -> Text,
        /// The column `rows_total`.
        rows_total -> Int4,
        /// So many rows have an outcome.
        rows_done -> Int4,
        /// The column `author_id`.
        author_id -> Nullable<Uuid>,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// The column `finished_at`.
        finished_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::*;

    /// The table `enrollments`.
    enrollments (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `user_id`.
        user_id -> Uuid,
        /// The column `course_id`.
        course_id -> Uuid,
        /// The column `status`.
        status -> EnrollmentStatus,
        /// Percent of the required, published items that are completed: percent_done.
        progress -> Int2,
        /// The column `enrolled_at`.
        enrolled_at -> Timestamptz,
        /// The column `completed_at`.
        completed_at -> Nullable<Timestamptz>,
        /// The column `expires_at`.
        expires_at -> Nullable<Timestamptz>,
        /// Cancelled by somebody else than the learner: coming back waits for an approval.
        removed -> Bool,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
        /// When the learner first took part, which may be later than enrolled_at: relative releases count from here.
        started_at -> Nullable<Timestamptz>,
        /// Why the status is what it is.
        cause -> EnrollmentCause,
        /// The group that it came with: who leaves that, leaves the course.
        group_id -> Nullable<Uuid>,
        /// When the learner last began, went on with or finished an item; noted once in five minutes. Null: not yet.
        last_step_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What happened, told by the server's own operations. Rollups are counted from it and can be rebuilt.
    events (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `user_id`.
        user_id -> Nullable<Uuid>,
        /// The column `event_type`.
        event_type -> Text,
        /// The column `course_id`.
        course_id -> Nullable<Uuid>,
        /// The column `context`.
        context -> Jsonb,
        /// The column `occurred_at`.
        occurred_at -> Timestamptz,
        /// The column `dedupe_key`.
        dedupe_key -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The file of a course's item: who may open the item may download it, and it is not deleted meanwhile.
    file_attachments (content_item_id) {
        /// The column `content_item_id`.
        content_item_id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `file_id`.
        file_id -> Uuid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::*;

    /// Bytes in the object store, under a key made of the tenant's id and this one: never changed, scanned once, shared by the versions that have them.
    file_contents (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `size_bytes`.
        size_bytes -> Int8,
        /// What the file's name promises and the scan has found; downloads are served as it.
        media_type -> Text,
        /// As the client promised it, until the scan has computed it.
        sha256 -> Nullable<Bytea>,
        /// The column `status`.
        status -> FileStatus,
        /// The column `scan_result`.
        scan_result -> Nullable<ScanResult>,
        /// The column `scan_details`.
        scan_details -> Nullable<Text>,
        /// The column `scanned_at`.
        scanned_at -> Nullable<Timestamptz>,
        /// The column `width`.
        width -> Nullable<Int4>,
        /// The column `height`.
        height -> Nullable<Int4>,
        /// When smaller pictures of it were stored.
        thumbnails_at -> Nullable<Timestamptz>,
        /// Rejected, or no version has them any more: they count no longer, and leave the store.
        discarded_at -> Nullable<Timestamptz>,
        /// When they had left the store.
        removed_at -> Nullable<Timestamptz>,
        /// The column `created_at`.
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// How much a tenant keeps in the object store, and how much it may.
    file_quotas (tenant_id) {
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The platform's default when null.
        limit_bytes -> Nullable<Int8>,
        /// Contents that are not discarded, and what uploads under way have taken.
        used_bytes -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Contents on their way. The id is that of the content to come.
    file_uploads (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// Whose it is; a superuser may be nobody of the tenant.
        user_id -> Uuid,
        /// The column `filename`.
        filename -> Text,
        /// The column `folder_id`.
        folder_id -> Nullable<Uuid>,
        /// The file that gets a new version; none for a new file.
        file_id -> Nullable<Uuid>,
        /// The column `comment`.
        comment -> Text,
        /// What a client that sends to the store itself has announced.
        promised_bytes -> Nullable<Int8>,
        /// The column `promised_sha256`.
        promised_sha256 -> Nullable<Bytea>,
        /// What it has taken of the tenant's quota so far.
        reserved_bytes -> Int8,
        /// The column `part_bytes`.
        part_bytes -> Nullable<Int8>,
        /// What the store calls the upload in parts.
        store_upload -> Nullable<Text>,
        /// It is being given up: nothing can complete it any more.
        is_closing -> Bool,
        /// The column `expires_at`.
        expires_at -> Timestamptz,
        /// The column `created_at`.
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The contents that a file has had. Restoring one makes a new version of the same content.
    file_versions (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `file_id`.
        file_id -> Uuid,
        /// The column `number`.
        number -> Int4,
        /// The column `content_id`.
        content_id -> Uuid,
        /// The column `user_id`.
        user_id -> Nullable<Uuid>,
        /// The column `comment`.
        comment -> Text,
        /// The column `created_at`.
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What people have uploaded. A file in no folder is its uploader's and the administrators'.
    files (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `folder_id`.
        folder_id -> Nullable<Uuid>,
        /// The column `uploaded_by`.
        uploaded_by -> Nullable<Uuid>,
        /// The column `filename`.
        filename -> Text,
        /// The column `description`.
        description -> Text,
        /// The current version's, which is what people get.
        content_id -> Uuid,
        /// The number of the current version: the newest that the scan let pass, or the first.
        version_number -> Int4,
        /// The column `version`.
        version -> Int4,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::*;

    /// Where files are kept, a tree. A folder is never more open than the one it is in.
    folders (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `parent_id`.
        parent_id -> Nullable<Uuid>,
        /// The column `name`.
        name -> Text,
        /// The widest role that sees the folder and what is in it: LEARNER is everybody.
        visible_to -> UserRole,
        /// The widest role that puts files into it; with a narrower visible_to it is a letter box.
        writable_by -> UserRole,
        /// Runs the folder beside the administrators.
        created_by -> Nullable<Uuid>,
        /// The column `version`.
        version -> Int4,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Groups that learn a course: whoever is in the group takes part.
    group_enrollments (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `group_id`.
        group_id -> Uuid,
        /// The column `course_id`.
        course_id -> Uuid,
        /// The column `created_at`.
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The table `group_memberships`.
    group_memberships (group_id, user_id) {
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `group_id`.
        group_id -> Uuid,
        /// The column `user_id`.
        user_id -> Uuid,
        /// The column `joined_at`.
        joined_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Answers already given to POSTs that named themselves, written in the transaction of their effects and kept for a day.
    idempotency_keys (user_id, key) {
        /// The column `user_id`.
        user_id -> Uuid,
        /// The column `key`.
        key -> Text,
        /// The column `tenant_id`.
        tenant_id -> Nullable<Uuid>,
        /// SHA-256 of method, path and body: the same key for another request is refused.
        request_hash -> Bytea,
        /// The column `status`.
        status -> Nullable<Int2>,
        /// The column `content_type`.
        content_type -> Nullable<Text>,
        /// The column `location`.
        location -> Nullable<Text>,
        /// The column `body`.
        body -> Nullable<Bytea>,
        /// The column `created_at`.
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Attempts that did not succeed, and why.
    job_attempts (job_id, ended_at) {
        /// The column `job_id`.
        job_id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `attempt`.
        attempt -> Int4,
        /// The column `crashes`.
        crashes -> Int4,
        /// The column `deferrals`.
        deferrals -> Int4,
        /// The column `worker`.
        worker -> Nullable<Text>,
        /// The column `started_at`.
        started_at -> Nullable<Timestamptz>,
        /// The column `ended_at`.
        ended_at -> Timestamptz,
        /// The column `outcome`.
        outcome -> Text,
        /// The column `error`.
        error -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Kinds of which a tenant has as many jobs waiting as it may have. Written by the relay; nearly always empty.
    job_backlogs (tenant_id, kind) {
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `kind`.
        kind -> Text,
        /// The column `waiting`.
        waiting -> Int8,
        /// The column `counted_at`.
        counted_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Token buckets of the limits. Fewer than none: so many turns are promised to jobs that wait for them.
    job_buckets (bucket) {
        /// The column `bucket`.
        bucket -> Text,
        /// The column `tokens`.
        tokens -> Float8,
        /// The column `filled_at`.
        filled_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What waits in each queue, written by the relay, which counts now and then: nobody else counts more than a thousand rows.
    job_counts (queue) {
        /// The column `queue`.
        queue -> Text,
        /// Due, and not handed out.
        ready -> Int8,
        /// Waiting for their time.
        scheduled -> Int8,
        /// The column `dead`.
        dead -> Int8,
        /// The column `oldest_due_at`.
        oldest_due_at -> Nullable<Timestamptz>,
        /// The column `counted_at`.
        counted_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Where a job that asks for many others goes on. Written in the transaction that asks for them.
    job_cursors (job_id) {
        /// The column `job_id`.
        job_id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// What came last; null when there is no more.
        cursor -> Nullable<Jsonb>,
        /// The column `children`.
        children -> Int8,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Effects outside the database, by key: an intent first, completed_at once it is known to have happened.
    job_effects (effect_key) {
        /// The column `effect_key`.
        effect_key -> Text,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `job_id`.
        job_id -> Uuid,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// The column `completed_at`.
        completed_at -> Nullable<Timestamptz>,
        /// The column `external_ref`.
        external_ref -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The kinds of job of all releases that have run here: a job of another kind is one that no worker will ever do.
    job_kinds (kind) {
        /// The column `kind`.
        kind -> Text,
        /// The newest payload of it that a release reads.
        version -> Int2,
        /// The column `announced_at`.
        announced_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// How often a kind of job may start, or a provider be called: so many in so many seconds, and a burst.
    job_limits (subject) {
        /// The column `subject`.
        subject -> Text,
        /// The column `starts`.
        starts -> Nullable<Int4>,
        /// The column `seconds`.
        seconds -> Nullable<Int4>,
        /// The column `burst`.
        burst -> Nullable<Int4>,
        /// The column `tenant_starts`.
        tenant_starts -> Nullable<Int4>,
        /// The column `tenant_seconds`.
        tenant_seconds -> Nullable<Int4>,
        /// The column `tenant_burst`.
        tenant_burst -> Nullable<Int4>,
        /// For a kind: instead of the queue's.
        tenant_backlog -> Nullable<Int4>,
        /// An operator has changed it: a new release does not change it back.
        is_edited -> Bool,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
        /// When a worker said last that its release declares it; none when only an operator has set it. When none has for a while, it is deleted.
        declared_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The settings of each queue, changed by operators while it runs.
    job_queues (queue) {
        /// The column `queue`.
        queue -> Text,
        /// The column `paused_at`.
        paused_at -> Nullable<Timestamptz>,
        /// At most so many tickets in Redis. The transport breaks at 8,000 due tickets, hence the limit.
        ticket_window -> Int4,
        /// The column `tenant_cap`.
        tenant_cap -> Int4,
        /// With so many jobs waiting, requests for more are refused: 503.
        max_backlog -> Int4,
        /// The tenant that was served last: the next round starts behind it.
        cursor_tenant -> Uuid,
        /// With so many jobs of one tenant and kind waiting, its requests for more are refused: 429.
        tenant_backlog -> Int4,
        /// Written by the relay, which counts.
        is_full -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Which life of Redis the tickets were given to. Another life has lost them, and they are given again.
    job_relay (is_only) {
        /// The column `is_only`.
        is_only -> Bool,
        /// The column `epoch`.
        epoch -> Text,
        /// The column `redis_run`.
        redis_run -> Text,
        /// The column `leader`.
        leader -> Text,
        /// The column `leading_since`.
        leading_since -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Work by the clock. All of it is the platform's own; a job looks for what is due in each tenant.
    job_schedules (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `name`.
        name -> Text,
        /// The column `kind`.
        kind -> Text,
        /// The column `args`.
        args -> Jsonb,
        /// The column `queue`.
        queue -> Text,
        /// The column `max_attempts`.
        max_attempts -> Int4,
        /// The column `cron`.
        cron -> Text,
        /// The column `timezone`.
        timezone -> Text,
        /// The column `is_enabled`.
        is_enabled -> Bool,
        /// An operator has changed it: a new release does not change it back.
        is_edited -> Bool,
        /// What to do about instants that passed while nobody looked: none, the last, or each of them.
        misfire -> Text,
        /// The column `misfire_grace_seconds`.
        misfire_grace_seconds -> Int4,
        /// Whether it may fire while the job of the last time is unfinished.
        overlap -> Text,
        /// The column `next_run_at`.
        next_run_at -> Timestamptz,
        /// The column `last_run_at`.
        last_run_at -> Nullable<Timestamptz>,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
        /// A release declares it: it can be switched off, and would come back if it were deleted.
        is_declared -> Bool,
        /// When a worker said last that its release declares it. When none has for a while, it is switched off.
        declared_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Jobs that wait for a turn that is theirs: when they come back they need not ask again.
    job_turns (job_id) {
        /// The column `job_id`.
        job_id -> Uuid,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The workers that live, by their own account, for operators to look at. No job depends on it.
    job_workers (name) {
        /// The column `name`.
        name -> Text,
        /// The column `host`.
        host -> Text,
        /// The column `process_id`.
        process_id -> Int4,
        /// The column `version`.
        version -> Text,
        /// How many jobs of each queue it runs at once.
        queues -> Jsonb,
        /// The column `running`.
        running -> Int4,
        /// The column `is_stopping`.
        is_stopping -> Bool,
        /// The column `started_at`.
        started_at -> Timestamptz,
        /// The column `seen_at`.
        seen_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::*;

    /// Work to be done, written in the transaction that causes it. Redis only carries tickets that point here.
    jobs (id) {
        /// The column `id`.
        id -> Uuid,
        /// The tenant in which the job acts; a fixed id that is no tenant's for the platform's own jobs, so there is no foreign key.
        tenant_id -> Uuid,
        /// The column `kind`.
        kind -> Text,
        /// The column `schema_version`.
        schema_version -> Int2,
        /// The column `queue`.
        queue -> Text,
        /// Lower goes first, within a tenant and queue.
        priority -> Int2,
        /// The column `state`.
        state -> JobState,
        /// Ids, not contents: the handler reads what is true when it runs.
        args -> Jsonb,
        /// The column `run_at`.
        run_at -> Timestamptz,
        /// The column `deadline_at`.
        deadline_at -> Nullable<Timestamptz>,
        /// The column `attempt`.
        attempt -> Int4,
        /// The column `max_attempts`.
        max_attempts -> Int4,
        /// Leases that ran out: the worker died or hung. Three are a poison job.
        crashes -> Int4,
        /// How often it was put back without an attempt being counted.
        deferrals -> Int4,
        /// The fencing token, drawn anew at each claim: only who holds it may finish the job.
        lease_token -> Int8,
        /// The column `lease_until`.
        lease_until -> Nullable<Timestamptz>,
        /// The column `worker`.
        worker -> Nullable<Text>,
        /// The column `dispatched_at`.
        dispatched_at -> Nullable<Timestamptz>,
        /// The column `progress`.
        progress -> Nullable<Int2>,
        /// The column `progress_note`.
        progress_note -> Nullable<Text>,
        /// The column `result`.
        result -> Nullable<Jsonb>,
        /// The column `last_error`.
        last_error -> Nullable<Text>,
        /// The column `error_class`.
        error_class -> Nullable<Text>,
        /// The column `unique_key`.
        unique_key -> Nullable<Text>,
        /// Jobs of one strand run one after the other, oldest first.
        strand -> Nullable<Text>,
        /// The column `cancel_requested_at`.
        cancel_requested_at -> Nullable<Timestamptz>,
        /// The column `created_by`.
        created_by -> Nullable<Uuid>,
        /// The column `request_id`.
        request_id -> Nullable<Text>,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// The column `started_at`.
        started_at -> Nullable<Timestamptz>,
        /// The column `finished_at`.
        finished_at -> Nullable<Timestamptz>,
        /// How often a worker put it back because its release does not know the kind.
        unknown_tries -> Int2,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Cohorts and teams: people who are enrolled together.
    learner_groups (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `name`.
        name -> Text,
        /// The column `description`.
        description -> Text,
        /// The column `version`.
        version -> Int4,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::*;

    /// What a learner has done with an item. No row: not started.
    learner_progress (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `course_id`.
        course_id -> Uuid,
        /// The column `enrollment_id`.
        enrollment_id -> Uuid,
        /// The column `content_item_id`.
        content_item_id -> Uuid,
        /// The column `status`.
        status -> ProgressStatus,
        /// The column `progress_details`.
        progress_details -> Jsonb,
        /// The column `started_at`.
        started_at -> Nullable<Timestamptz>,
        /// The column `completed_at`.
        completed_at -> Nullable<Timestamptz>,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Where in a platform the tool was installed; launches name one of these.
    lti_deployments (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `platform_id`.
        platform_id -> Uuid,
        /// The column `deployment_id`.
        deployment_id -> Text,
        /// The column `is_active`.
        is_active -> Bool,
        /// The column `created_at`.
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Learning platforms that launch a tenant's courses by LTI 1.3, each with a key pair of ours.
    lti_platforms (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `name`.
        name -> Text,
        /// The column `issuer`.
        issuer -> Text,
        /// The column `client_id`.
        client_id -> Text,
        /// The column `auth_login_url`.
        auth_login_url -> Text,
        /// The column `auth_token_url`.
        auth_token_url -> Text,
        /// The column `keyset_url`.
        keyset_url -> Text,
        /// The column `tool_public_key`.
        tool_public_key -> Text,
        /// PKCS #8, encrypted under SECRET_KEY, for this tenant and column only.
        tool_private_key_sealed -> Bytea,
        /// The column `is_active`.
        is_active -> Bool,
        /// The column `version`.
        version -> Int4,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
        /// PEM. The key before the last renewal, so that what it has signed is still believed for a while.
        former_public_key -> Nullable<Text>,
        /// Until when the former key is shown.
        former_key_until -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::*;

    /// Modules that come before a module. What is REQUIRED keeps the module shut until it is done.
    module_prerequisites (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `course_id`.
        course_id -> Uuid,
        /// The column `module_id`.
        module_id -> Uuid,
        /// The other module's: the same course, or one that the course asks for.
        prerequisite_course_id -> Uuid,
        /// The column `prerequisite_module_id`.
        prerequisite_module_id -> Uuid,
        /// The column `prerequisite_type`.
        prerequisite_type -> PrerequisiteType,
        /// The column `created_at`.
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The table `modules`.
    modules (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `course_id`.
        course_id -> Uuid,
        /// The column `title`.
        title -> Text,
        /// The column `description`.
        description -> Text,
        /// Order within the course; "order" on the wire.
        position -> Int4,
        /// The column `version`.
        version -> Int4,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
        /// The column `release_at`.
        release_at -> Nullable<Timestamptz>,
        /// Days after the learner began to take part. With release_at, too, the later one counts.
        release_after_days -> Nullable<Int4>,
        /// From this instant on learners do not see it any more.
        available_until -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::*;

    /// One line for each channel that a notification goes out by.
    notification_deliveries (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `notification_id`.
        notification_id -> Uuid,
        /// The column `channel`.
        channel -> DeliveryChannel,
        /// The column `status`.
        status -> DeliveryStatus,
        /// The column `sent_at`.
        sent_at -> Nullable<Timestamptz>,
        /// The column `failure_reason`.
        failure_reason -> Nullable<Text>,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
        /// The end of the person's quiet hours, when it was told during them.
        held_until -> Nullable<Timestamptz>,
        /// The summary that carries it, in place of a mail of its own.
        digest_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// A mail that sums up what could wait: made when the first of it happens.
    notification_digests (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `user_id`.
        user_id -> Uuid,
        /// The column `due_at`.
        due_at -> Timestamptz,
        /// The column `sent_at`.
        sent_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::*;

    /// The table `notification_preferences`.
    notification_preferences (user_id) {
        /// The column `user_id`.
        user_id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `is_enabled`.
        is_enabled -> Bool,
        /// {TYPE: {CHANNEL: boolean}}; a missing entry has the default: e-mail and in-app on, push and SMS off.
        preferences -> Jsonb,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
        /// Mails that can wait are summed up in one.
        digest -> DigestFrequency,
        /// When, on the person's own clock (users.timezone).
        digest_hour -> Int2,
        /// On which day a weekly one comes: 1 is Monday.
        digest_weekday -> Int2,
        /// From here to quiet_to, on the person's own clock, nothing that can wait is delivered outside the application; over midnight when it is the later of the two.
        quiet_from -> Nullable<Time>,
        /// The column `quiet_to`.
        quiet_to -> Nullable<Time>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::*;

    /// What a person should know. Reading and delivering are separate facts: see notification_deliveries.
    notifications (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `recipient_id`.
        recipient_id -> Uuid,
        /// The column `notification_type`.
        notification_type -> NotificationType,
        /// The column `subject`.
        subject -> Text,
        /// The column `message`.
        message -> Text,
        /// A path of the web client, or an absolute http(s) address.
        action_url -> Nullable<Text>,
        /// The names that its mail speaks of, as they were when it was told.
        facts -> Jsonb,
        /// Names the event; the same event tells the same person once, however often its job runs.
        dedupe_key -> Text,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// The column `read_at`.
        read_at -> Nullable<Timestamptz>,
        /// The column `dismissed_at`.
        dismissed_at -> Nullable<Timestamptz>,
        /// The column `announcement_id`.
        announcement_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::*;

    /// Links sent by mail: resetting a password, accepting an invitation. Single use, bound to purpose and person.
    one_time_tokens (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Nullable<Uuid>,
        /// The column `user_id`.
        user_id -> Uuid,
        /// The column `purpose`.
        purpose -> OneTimeTokenPurpose,
        /// The column `token_hash`.
        token_hash -> Bytea,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// The column `expires_at`.
        expires_at -> Timestamptz,
        /// The column `used_at`.
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// General settings of the platform itself, for the pages that belong to no tenant.
    platform_settings (is_only) {
        /// The column `is_only`.
        is_only -> Bool,
        /// The column `site_name`.
        site_name -> Text,
        /// The column `site_description`.
        site_description -> Text,
        /// The column `default_language`.
        default_language -> Text,
        /// The column `timezone`.
        timezone -> Text,
        /// The column `support_email`.
        support_email -> Text,
        /// The column `terms_url`.
        terms_url -> Text,
        /// The column `privacy_url`.
        privacy_url -> Text,
        /// The column `logo_url`.
        logo_url -> Text,
        /// The column `favicon_url`.
        favicon_url -> Text,
        /// What is switched on in tenants that say nothing themselves, name to boolean; see Feature.
        feature_flags -> Jsonb,
        /// The column `version`.
        version -> Int4,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::*;

    /// Where a person's push messages go.
    push_devices (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `user_id`.
        user_id -> Uuid,
        /// The column `device_type`.
        device_type -> DeviceType,
        /// What the device is called by the service that reaches it; of a browser the address of its subscription.
        token -> Text,
        /// A browser's public key, for whom messages are encrypted (RFC 8291); base64url.
        p256dh -> Nullable<Text>,
        /// A browser's part in the secret (RFC 8291); base64url.
        auth -> Nullable<Text>,
        /// The column `device_name`.
        device_name -> Text,
        /// The column `is_active`.
        is_active -> Bool,
        /// When a message was last handed over for it.
        last_used_at -> Nullable<Timestamptz>,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Each instant at which a schedule fired. The primary key lets one process win.
    schedule_runs (schedule_id, scheduled_for) {
        /// The column `schedule_id`.
        schedule_id -> Uuid,
        /// The column `scheduled_for`.
        scheduled_for -> Timestamptz,
        /// Null when the last job was still unfinished and the schedule may not overlap.
        job_id -> Nullable<Uuid>,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// Somebody asked for it, beside the clock.
        is_by_hand -> Bool,
        /// The column `asked_by`.
        asked_by -> Nullable<Uuid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// A signed-in device. Access tokens name it and die with it.
    sessions (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Nullable<Uuid>,
        /// The column `user_id`.
        user_id -> Uuid,
        /// SHA-256 of the refresh token that is valid now; the token itself is stored nowhere.
        refresh_hash -> Bytea,
        /// How often the refresh token was rotated; an older one shown again means it was stolen.
        generation -> Int4,
        /// The column `rotated_at`.
        rotated_at -> Timestamptz,
        /// The column `user_agent`.
        user_agent -> Text,
        /// The column `address`.
        address -> Text,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// The column `last_used_at`.
        last_used_at -> Timestamptz,
        /// The column `expires_at`.
        expires_at -> Timestamptz,
        /// The column `revoked_at`.
        revoked_at -> Nullable<Timestamptz>,
        /// The column `revoked_because`.
        revoked_because -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::*;

    /// Identity providers of a tenant.
    sso_configurations (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `name`.
        name -> Text,
        /// The column `provider_type`.
        provider_type -> SsoProviderType,
        /// The column `is_active`.
        is_active -> Bool,
        /// The column `is_default`.
        is_default -> Bool,
        /// The column `idp_entity_id`.
        idp_entity_id -> Text,
        /// The column `idp_sso_url`.
        idp_sso_url -> Text,
        /// The column `idp_slo_url`.
        idp_slo_url -> Text,
        /// The column `idp_x509_cert`.
        idp_x509_cert -> Text,
        /// The column `oauth_client_id`.
        oauth_client_id -> Text,
        /// Encrypted under SECRET_KEY, for this tenant and column only.
        oauth_client_secret_sealed -> Nullable<Bytea>,
        /// The column `oauth_authorization_url`.
        oauth_authorization_url -> Text,
        /// The column `oauth_token_url`.
        oauth_token_url -> Text,
        /// The column `oauth_userinfo_url`.
        oauth_userinfo_url -> Text,
        /// The column `oauth_scopes`.
        oauth_scopes -> Text,
        /// The column `attribute_mapping`.
        attribute_mapping -> Jsonb,
        /// The column `role_mapping`.
        role_mapping -> Jsonb,
        /// The column `version`.
        version -> Int4,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Each tenant in numbers, counted by a job every quarter of an hour.
    tenant_counts (tenant_id) {
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `users`.
        users -> Int8,
        /// The column `courses`.
        courses -> Int8,
        /// The column `enrollments`.
        enrollments -> Int8,
        /// The column `signed_in_today`.
        signed_in_today -> Int8,
        /// The column `signed_in_7d`.
        signed_in_7d -> Int8,
        /// The column `signed_in_14d`.
        signed_in_14d -> Int8,
        /// The column `signed_in_30d`.
        signed_in_30d -> Int8,
        /// The column `new_users_7d`.
        new_users_7d -> Int8,
        /// The column `new_enrollments_7d`.
        new_enrollments_7d -> Int8,
        /// The column `courses_published_7d`.
        courses_published_7d -> Int8,
        /// The column `courses_completed_7d`.
        courses_completed_7d -> Int8,
        /// The column `invited`.
        invited -> Int8,
        /// When; all that ends in _7d is the week before it.
        counted_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The host names under which a tenant is reached.
    tenant_domains (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `domain`.
        domain -> Text,
        /// The column `is_primary`.
        is_primary -> Bool,
        /// The column `created_at`.
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// A tenant's own mail server, by which its mails go while it is switched on.
    tenant_email_settings (tenant_id) {
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `is_enabled`.
        is_enabled -> Bool,
        /// The column `smtp_host`.
        smtp_host -> Text,
        /// The column `smtp_port`.
        smtp_port -> Int4,
        /// The column `smtp_username`.
        smtp_username -> Text,
        /// Encrypted under SECRET_KEY, for this tenant and column only.
        smtp_password_sealed -> Nullable<Bytea>,
        /// STARTTLS, demanded.
        smtp_use_tls -> Bool,
        /// TLS from the first byte.
        smtp_use_ssl -> Bool,
        /// The column `default_from_email`.
        default_from_email -> Text,
        /// The column `default_from_name`.
        default_from_name -> Text,
        /// Seconds; less than any job that sends mail may take.
        email_timeout -> Int4,
        /// The column `version`.
        version -> Int4,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// To whom the mail goes that tries a tenant's mail server out, until it was sent.
    tenant_email_tests (job_id) {
        /// The column `job_id`.
        job_id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// An e-mail address, of anybody.
        recipient -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// General settings of a tenant; a tenant without a row has the defaults.
    tenant_settings (tenant_id) {
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `site_name`.
        site_name -> Text,
        /// The column `site_description`.
        site_description -> Text,
        /// The column `default_language`.
        default_language -> Text,
        /// An IANA zone, checked by the application.
        timezone -> Text,
        /// The column `support_email`.
        support_email -> Text,
        /// The column `terms_url`.
        terms_url -> Text,
        /// The column `privacy_url`.
        privacy_url -> Text,
        /// The column `logo_url`.
        logo_url -> Text,
        /// The column `favicon_url`.
        favicon_url -> Text,
        /// The column `version`.
        version -> Int4,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What a tenant allows to be uploaded, and a bucket of its own.
    tenant_storage_settings (tenant_id) {
        /// The column `tenant_id`.
        tenant_id -> Uuid,
        /// The column `s3_bucket_name`.
        s3_bucket_name -> Text,
        /// The column `s3_region`.
        s3_region -> Text,
        /// The column `s3_endpoint_url`.
        s3_endpoint_url -> Text,
        /// The column `s3_access_key_id`.
        s3_access_key_id -> Text,
        /// Encrypted under SECRET_KEY, for this tenant and column only.
        s3_secret_access_key_sealed -> Nullable<Bytea>,
        /// In MiB; null for what the platform takes, which is never exceeded.
        max_file_size_mb -> Nullable<Int4>,
        /// With commas, in lower case, without dots; empty for all that the platform takes.
        allowed_extensions -> Text,
        /// The column `version`.
        version -> Int4,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// A school or a company: everything else belongs to one.
    tenants (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `name`.
        name -> Text,
        /// The column `slug`.
        slug -> Text,
        /// The column `is_active`.
        is_active -> Bool,
        /// Colours and texts of its own: primary_color, logo_text.
        theme_config -> Jsonb,
        /// What is switched on for it, name to boolean; see Feature.
        feature_flags -> Jsonb,
        /// Goes up with each change; its ETag.
        version -> Int4,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Leaky buckets by what is limited and by whom, shared by all API processes. Not a tenant's: they guard the doors before anybody is signed in.
    throttles (bucket) {
        /// The column `bucket`.
        bucket -> Text,
        /// Requests in the bucket at updated_at; it leaks at the rate of its rule.
        level -> Float8,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::*;

    /// People who can sign in. Superusers belong to no tenant, everybody else to exactly one.
    users (id) {
        /// The column `id`.
        id -> Uuid,
        /// The column `tenant_id`.
        tenant_id -> Nullable<Uuid>,
        /// The column `email`.
        email -> Text,
        /// argon2id in PHC form; null until an invitation is accepted.
        password_hash -> Nullable<Text>,
        /// The column `first_name`.
        first_name -> Text,
        /// The column `last_name`.
        last_name -> Text,
        /// The column `role`.
        role -> UserRole,
        /// The column `status`.
        status -> UserStatus,
        /// Off ends every session at once, whatever the status.
        is_active -> Bool,
        /// The column `is_superuser`.
        is_superuser -> Bool,
        /// The column `bio`.
        bio -> Text,
        /// The column `language`.
        language -> Text,
        /// An IANA zone, checked by the application.
        timezone -> Text,
        /// The column `preferences`.
        preferences -> Jsonb,
        /// The column `avatar_url`.
        avatar_url -> Nullable<Text>,
        /// The column `last_login_at`.
        last_login_at -> Nullable<Timestamptz>,
        /// The column `version`.
        version -> Int4,
        /// The column `created_at`.
        created_at -> Timestamptz,
        /// The column `updated_at`.
        updated_at -> Timestamptz,
    }
}

diesel::joinable!(announcement_recipients -> announcements (announcement_id));
diesel::joinable!(announcement_recipients -> users (user_id));
diesel::joinable!(announcements -> courses (target_course_id));
diesel::joinable!(announcements -> learner_groups (target_group_id));
diesel::joinable!(announcements -> tenants (tenant_id));
diesel::joinable!(announcements -> users (author_id));
diesel::joinable!(certificate_rules -> courses (course_id));
diesel::joinable!(certificates -> enrollments (enrollment_id));
diesel::joinable!(certificates -> users (user_id));
diesel::joinable!(content_items -> modules (module_id));
diesel::joinable!(content_versions -> content_items (content_item_id));
diesel::joinable!(content_versions -> files (file_id));
diesel::joinable!(content_versions -> users (author_id));
diesel::joinable!(courses -> tenants (tenant_id));
diesel::joinable!(courses -> users (instructor_id));
diesel::joinable!(daily_rollups -> tenants (tenant_id));
diesel::joinable!(discussion_bookmarks -> discussion_threads (thread_id));
diesel::joinable!(discussion_bookmarks -> users (user_id));
diesel::joinable!(discussion_followers -> discussion_threads (thread_id));
diesel::joinable!(discussion_followers -> users (user_id));
diesel::joinable!(discussion_replies -> discussion_threads (thread_id));
diesel::joinable!(discussion_replies -> users (author_id));
diesel::joinable!(discussion_reply_likes -> discussion_replies (reply_id));
diesel::joinable!(discussion_reply_likes -> users (user_id));
diesel::joinable!(discussion_thread_likes -> discussion_threads (thread_id));
diesel::joinable!(discussion_thread_likes -> users (user_id));
diesel::joinable!(discussion_threads -> content_items (content_item_id));
diesel::joinable!(discussion_threads -> courses (course_id));
diesel::joinable!(discussion_threads -> modules (module_id));
diesel::joinable!(discussion_threads -> users (author_id));
diesel::joinable!(discussion_views -> discussion_threads (thread_id));
diesel::joinable!(discussion_views -> users (user_id));
diesel::joinable!(email_templates -> tenants (tenant_id));
diesel::joinable!(enrollment_changes -> enrollments (enrollment_id));
diesel::joinable!(enrollment_changes -> users (changed_by));
diesel::joinable!(enrollment_import_rows -> enrollment_imports (import_id));
diesel::joinable!(enrollment_imports -> courses (course_id));
diesel::joinable!(enrollment_imports -> users (author_id));
diesel::joinable!(enrollments -> courses (course_id));
diesel::joinable!(enrollments -> learner_groups (group_id));
diesel::joinable!(enrollments -> users (user_id));
diesel::joinable!(events -> courses (course_id));
diesel::joinable!(events -> tenants (tenant_id));
diesel::joinable!(events -> users (user_id));
diesel::joinable!(file_attachments -> content_items (content_item_id));
diesel::joinable!(file_attachments -> files (file_id));
diesel::joinable!(file_contents -> tenants (tenant_id));
diesel::joinable!(file_quotas -> tenants (tenant_id));
diesel::joinable!(file_uploads -> files (file_id));
diesel::joinable!(file_uploads -> folders (folder_id));
diesel::joinable!(file_uploads -> tenants (tenant_id));
diesel::joinable!(file_versions -> file_contents (content_id));
diesel::joinable!(file_versions -> files (file_id));
diesel::joinable!(file_versions -> users (user_id));
diesel::joinable!(files -> file_contents (content_id));
diesel::joinable!(files -> folders (folder_id));
diesel::joinable!(files -> tenants (tenant_id));
diesel::joinable!(files -> users (uploaded_by));
diesel::joinable!(folders -> tenants (tenant_id));
diesel::joinable!(folders -> users (created_by));
diesel::joinable!(group_enrollments -> courses (course_id));
diesel::joinable!(group_enrollments -> learner_groups (group_id));
diesel::joinable!(group_memberships -> learner_groups (group_id));
diesel::joinable!(group_memberships -> users (user_id));
diesel::joinable!(idempotency_keys -> tenants (tenant_id));
diesel::joinable!(idempotency_keys -> users (user_id));
diesel::joinable!(job_attempts -> jobs (job_id));
diesel::joinable!(job_cursors -> jobs (job_id));
diesel::joinable!(job_turns -> jobs (job_id));
diesel::joinable!(learner_groups -> tenants (tenant_id));
diesel::joinable!(learner_progress -> content_items (content_item_id));
diesel::joinable!(learner_progress -> enrollments (enrollment_id));
diesel::joinable!(lti_deployments -> lti_platforms (platform_id));
diesel::joinable!(lti_platforms -> tenants (tenant_id));
diesel::joinable!(modules -> courses (course_id));
diesel::joinable!(notification_deliveries -> notification_digests (digest_id));
diesel::joinable!(notification_deliveries -> notifications (notification_id));
diesel::joinable!(notification_digests -> users (user_id));
diesel::joinable!(notification_preferences -> users (user_id));
diesel::joinable!(notifications -> announcements (announcement_id));
diesel::joinable!(notifications -> users (recipient_id));
diesel::joinable!(one_time_tokens -> tenants (tenant_id));
diesel::joinable!(one_time_tokens -> users (user_id));
diesel::joinable!(push_devices -> users (user_id));
diesel::joinable!(schedule_runs -> job_schedules (schedule_id));
diesel::joinable!(sessions -> tenants (tenant_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(sso_configurations -> tenants (tenant_id));
diesel::joinable!(tenant_counts -> tenants (tenant_id));
diesel::joinable!(tenant_domains -> tenants (tenant_id));
diesel::joinable!(tenant_email_settings -> tenants (tenant_id));
diesel::joinable!(tenant_email_tests -> jobs (job_id));
diesel::joinable!(tenant_email_tests -> tenants (tenant_id));
diesel::joinable!(tenant_settings -> tenants (tenant_id));
diesel::joinable!(tenant_storage_settings -> tenants (tenant_id));
diesel::joinable!(users -> tenants (tenant_id));

diesel::allow_tables_to_appear_in_same_query!(
    announcement_recipients,
    announcements,
    audit_log,
    certificate_rules,
    certificates,
    content_items,
    content_versions,
    course_prerequisites,
    courses,
    daily_rollups,
    discussion_bookmarks,
    discussion_followers,
    discussion_replies,
    discussion_reply_likes,
    discussion_thread_likes,
    discussion_threads,
    discussion_views,
    email_templates,
    enrollment_changes,
    enrollment_import_rows,
    enrollment_imports,
    enrollments,
    events,
    file_attachments,
    file_contents,
    file_quotas,
    file_uploads,
    file_versions,
    files,
    folders,
    group_enrollments,
    group_memberships,
    idempotency_keys,
    job_attempts,
    job_backlogs,
    job_buckets,
    job_counts,
    job_cursors,
    job_effects,
    job_kinds,
    job_limits,
    job_queues,
    job_relay,
    job_schedules,
    job_turns,
    job_workers,
    jobs,
    learner_groups,
    learner_progress,
    lti_deployments,
    lti_platforms,
    module_prerequisites,
    modules,
    notification_deliveries,
    notification_digests,
    notification_preferences,
    notifications,
    one_time_tokens,
    platform_settings,
    push_devices,
    schedule_runs,
    sessions,
    sso_configurations,
    tenant_counts,
    tenant_domains,
    tenant_email_settings,
    tenant_email_tests,
    tenant_settings,
    tenant_storage_settings,
    tenants,
    throttles,
    users,
);
