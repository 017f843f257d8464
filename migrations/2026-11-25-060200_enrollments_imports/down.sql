drop table enrollment_import_rows;
drop table enrollment_imports;
drop type import_undo;
drop type import_outcome;
drop type import_state;
