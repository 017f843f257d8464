-- How many levels a folder and what is in it have.
with recursive tree as (
    select f.id, 1 as height from folders f where f.tenant_id = $1 and f.id = $2
    union all
    select f.id, tree.height + 1
    from tree
    join folders f on f.tenant_id = $1 and f.parent_id = tree.id
    where tree.height < 100
)
select max(height) as height from tree
