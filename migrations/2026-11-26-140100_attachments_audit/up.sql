-- Which file an item shows is said by people, and another one is another lesson.
select audit_changes('file_attachments');
