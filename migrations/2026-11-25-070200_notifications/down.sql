drop trigger notifications_told on notifications;
drop function tell_inbox();
drop table email_templates;
alter table notification_deliveries drop column digest_id, drop column held_until;
alter table notifications drop column announcement_id;
drop table notification_digests;
drop table announcement_recipients;
drop table announcements;
drop type announcement_status;
drop type announcement_target;
alter table notification_preferences
    drop column quiet_to, drop column quiet_from, drop column digest_weekday, drop column digest_hour, drop column digest;
drop type digest_frequency;

delete from notifications where notification_type = 'DISCUSSION_REPLY';
alter type notification_type rename to notification_type_before;
create type notification_type as enum ('COURSE_ENROLLMENT', 'COURSE_COMPLETION', 'ASSESSMENT_SUBMISSION', 'ASSESSMENT_GRADED', 'CERTIFICATE_ISSUED', 'DEADLINE_REMINDER', 'NEW_CONTENT_AVAILABLE', 'ANNOUNCEMENT', 'SYSTEM_ALERT');
alter table notifications alter column notification_type type notification_type using notification_type::text::notification_type;
drop type notification_type_before;
