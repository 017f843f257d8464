select audit_changes('module_prerequisites');
