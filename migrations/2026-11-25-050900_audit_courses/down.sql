drop trigger audit on module_prerequisites;
