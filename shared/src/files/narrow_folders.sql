-- What is in a folder is never more open than the folder.
with recursive tree as (
    select f.id from folders f where f.tenant_id = $1 and f.parent_id = $2
    union
    select f.id from tree join folders f on f.tenant_id = $1 and f.parent_id = tree.id
)
update folders f
set visible_to = least(f.visible_to, $3), writable_by = least(f.writable_by, $4), version = f.version + 1, updated_at = $5
from tree
where f.tenant_id = $1 and f.id = tree.id and (f.visible_to > $3 or f.writable_by > $4)
