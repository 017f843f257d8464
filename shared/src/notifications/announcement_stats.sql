-- What became of an announcement ($2) of a tenant ($1).
select count(*) as notified,
    count(*) filter (where exists (
        select from notification_deliveries d
        where d.tenant_id = n.tenant_id and d.notification_id = n.id and d.status = 'SENT')) as delivered,
    count(*) filter (where mail.status = 'SENT') as emails_sent,
    count(*) filter (where mail.status = 'PENDING') as emails_pending,
    count(*) filter (where mail.status = 'FAILED') as emails_failed,
    count(*) filter (where push.status = 'SENT') as pushes_sent,
    count(*) filter (where push.status = 'PENDING') as pushes_pending,
    count(*) filter (where push.status = 'FAILED') as pushes_failed,
    count(*) filter (where n.read_at is not null) as read
from notifications n
left join notification_deliveries mail
    on mail.tenant_id = n.tenant_id and mail.notification_id = n.id and mail.channel = 'EMAIL'
left join notification_deliveries push
    on push.tenant_id = n.tenant_id and push.notification_id = n.id and push.channel = 'PUSH'
where n.tenant_id = $1 and n.announcement_id = $2
