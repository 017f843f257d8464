-- What replay.sql would take, if it had no limit.
select kind, error_class, count(*) as jobs from jobs dead
where dead.state = 'dead'
  and ($1 is null or dead.kind = $1) and ($2 is null or dead.queue = $2)
  and ($3 is null or dead.tenant_id = $3) and ($4 is null or dead.error_class = $4)
  and (cardinality($5) = 0 or dead.id = any ($5))
  and (dead.unique_key is null or not exists (
        select from jobs living
        where living.tenant_id = dead.tenant_id and living.kind = dead.kind and living.unique_key = dead.unique_key
          and living.state in ('available', 'dispatched', 'running')))
  and (dead.unique_key is null or not exists (
        select from jobs newer
        where newer.tenant_id = dead.tenant_id and newer.kind = dead.kind and newer.unique_key = dead.unique_key
          and newer.state = 'dead' and newer.id > dead.id))
group by kind, error_class
order by jobs desc, kind, error_class
