drop table push_devices;
drop function take_push_device();
drop type device_type;
