alter table certificates drop column renewed_at;
