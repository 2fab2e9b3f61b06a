# The document of our program, as far as a shell can make it: nothing is checked and nothing proved complete.

def mount_point:
  if .backend_id | startswith("/") then .backend_id
  else "/\($system.key)/store/\(.customer_slug)/\(.project_slug)/\(.slug)" end;

def quota($type; $unit; $kind; $value): {type: $type, quota: $value, unit: $unit, enforcementType: $kind};

def quotas:
  (.limits.storage // 0) as $tb | ($tb * 1000000) as $inodes |
  if $tb > 0 then [
    quota("space"; "tera"; "soft"; $tb),
    quota("space"; "tera"; "hard"; $tb),
    quota("inodes"; "none"; "soft"; $inodes * 1.33 | round),
    quota("inodes"; "none"; "hard"; $inodes * 2 | round)
  ] else null end;

{
  status: "success",
  code: 200,
  meta: {date: (now | strftime("%Y-%m-%dT%H:%M:%S+00:00")), appVersion: "pipeline", offering: $offering},
  result: {storageResources: [inputs[] | {
    itemId: .uuid,
    status: $statuses[.state],
    mountPoint: {default: mount_point},
    permission: {
      permissionType: "octal",
      value: (.options.permissions // .attributes.permissions // "775")
    },
    quotas: quotas,
    target: {
      targetType: "project",
      targetItem: (.backend_metadata.project_item
        // {itemId: .uuid, status: "open", name: .slug, unixGid: null, active: true})
    },
    storageSystem: $system,
    storageFileSystem: $fileSystem,
    storageDataType: $dataTypes[.attributes.storage_data_type // "store"],
    parentItemId: null,
    tenant: (.backend_metadata.tenant_item
      // {itemId: .customer_uuid, key: .customer_slug, name: .customer_name}),
    customer: (.backend_metadata.customer_item
      // {itemId: .project_uuid, key: .project_slug, name: .project_name})
  }]}
}
