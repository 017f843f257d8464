-- Writes shared/src/db/schema.rs from the database's own catalogue, comments included.
-- A test compares the answer with the committed file; `./lms accept` replaces the file.
with enums as (
    select t.oid, t.typname, string_agg(initcap(part), '' order by n) as rust
    from pg_type t
    join pg_namespace s on s.oid = t.typnamespace and s.nspname = 'public'
    cross join lateral unnest(string_to_array(t.typname, '_')) with ordinality as p (part, n)
    where t.typtype = 'e'
    group by t.oid, t.typname
),
tables as (
    select c.oid, c.relname
    from pg_class c
    join pg_namespace s on s.oid = c.relnamespace and s.nspname = 'public'
    where c.relkind = 'r' and c.relname <> '__diesel_schema_migrations'
),
columns as (
    select a.attrelid, a.attname, a.attnum, col_description(a.attrelid, a.attnum) as comment,
        case when a.attnotnull then sql_type else 'Nullable<' || sql_type || '>' end as sql_type
    from pg_attribute a
    join tables on tables.oid = a.attrelid
    cross join lateral (
        select coalesce(
            (select e.rust from enums e where e.oid = a.atttypid),
            case format_type(a.atttypid, null)
                when 'uuid' then 'Uuid' when 'text' then 'Text' when 'boolean' then 'Bool'
                when 'smallint' then 'Int2' when 'integer' then 'Int4' when 'bigint' then 'Int8'
                when 'double precision' then 'Float8' when 'timestamp with time zone' then 'Timestamptz'
                when 'date' then 'Date' when 'time without time zone' then 'Time' when 'jsonb' then 'Jsonb' when 'bytea' then 'Bytea'
                else 'UnknownType' end) as sql_type
    ) as typed
    where a.attnum > 0 and not a.attisdropped
),
keys as (
    select c.conrelid, string_agg(a.attname, ', ' order by array_position(c.conkey, a.attnum)) as key
    from pg_constraint c
    join pg_attribute a on a.attrelid = c.conrelid and a.attnum = any (c.conkey)
    where c.contype = 'p'
    group by c.conrelid
),
-- Of a composite reference (tenant_id, x_id) the last column is the one to join by.
parents as (
    select c.conrelid, c.confrelid, child.attname as child_column
    from pg_constraint c
    join tables on tables.oid = c.conrelid
    join pg_attribute child on child.attrelid = c.conrelid and child.attnum = c.conkey[cardinality(c.conkey)]
    join pg_attribute parent on parent.attrelid = c.confrelid and parent.attnum = c.confkey[cardinality(c.confkey)]
    where c.contype = 'f' and parent.attname = 'id'
),
joins as (
    select conrelid, confrelid, min(child_column) as child_column from parents
    -- A tree's reference to itself is no join that a query could name.
    where conrelid <> confrelid
    group by conrelid, confrelid having count(*) = 1
)
select concat_ws(e'\n',
    '// @generated from the database by shared/src/testing/schema.sql. Do not edit: run `./lms accept`.',
    '',
    '/// PostgreSQL''s enum types.',
    'pub mod sql_types {',
    (select string_agg(format(e'    /// `%s`\n    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]\n    #[diesel(postgres_type(name = "%s"))]\n    pub struct %s;', typname, typname, rust), e'\n\n' order by typname) from enums),
    '}',
    '',
    (select string_agg(concat_ws(e'\n',
        'diesel::table! {',
        '    use diesel::sql_types::*;',
        case when exists (select from columns c join enums e on c.sql_type in (e.rust, 'Nullable<' || e.rust || '>') where c.attrelid = t.oid)
            then '    use super::sql_types::*;' end,
        '',
        '    /// ' || coalesce(obj_description(t.oid, 'pg_class'), 'The table `' || t.relname || '`.'),
        format('    %s (%s) {', t.relname, k.key),
        (select string_agg(concat_ws(e'\n',
            '        /// ' || coalesce(c.comment, 'The column `' || c.attname || '`.'),
            format('        %s -> %s,', c.attname, c.sql_type)), e'\n' order by c.attnum)
         from columns c where c.attrelid = t.oid),
        '    }',
        '}'), e'\n\n' order by t.relname)
     from tables t join keys k on k.conrelid = t.oid),
    '',
    (select string_agg(format('diesel::joinable!(%s -> %s (%s));', child.relname, parent.relname, j.child_column), e'\n' order by child.relname, parent.relname)
     from joins j join tables child on child.oid = j.conrelid join tables parent on parent.oid = j.confrelid),
    '',
    'diesel::allow_tables_to_appear_in_same_query!(',
    (select string_agg('    ' || relname || ',', e'\n' order by relname) from tables),
    ');',
    '') as text;
