-- A folder and those around it, from the inside out.
with recursive path as (
    select f.id, f.parent_id, 1 as depth from folders f where f.tenant_id = $1 and f.id = $2
    union all
    select f.id, f.parent_id, path.depth + 1
    from path
    join folders f on f.tenant_id = $1 and f.id = path.parent_id
    -- Longer than any path may be: were there a circle after all, this would end.
    where path.depth < 100
)
select id, depth from path order by depth
