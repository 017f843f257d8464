drop table notification_preferences;
drop table notification_deliveries;
drop table notifications;
drop type delivery_status;
drop type delivery_channel;
drop type notification_type;
