drop trigger audit on file_attachments;
