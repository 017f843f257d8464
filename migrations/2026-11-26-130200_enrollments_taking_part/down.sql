drop function takes_part(enrollment_status, timestamptz, timestamptz);
