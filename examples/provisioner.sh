#!/bin/sh
# Carries out the orders of waldur-cscs-storage with `completion: on-ack`: creates, changes and removes directories,
# sets quotas, and answers each order. For any POSIX sh, with jq, coreutils, and flock and runuser of util-linux.
# docs/provisioner.md describes how to install it and what a site must change. One file because a site copies it.
#
#   storage-provisioner init [CONF]   once: record all present order files as handled
#   storage-provisioner run [CONF]    from a timer or cron: carry out and answer new orders
#   storage-provisioner check [CONF]  print differences between the disk and the newest snapshot
#   storage-provisioner adopt [CONF]  the same, and mark directories that were created before
#
# Ends with 0; 1: something failed, and the next run tries again; 10: check or adopt found differences; 64: usage;
# 75: another run is active, or a file system is not mounted; 78: the configuration.
set -u
umask 022
LC_ALL=C PATH=${PATH:-/usr/bin:/bin}:/usr/sbin:/sbin
export LC_ALL PATH

# ---- Settings of a site, in CONF (/etc/waldur/provisioner.conf), a shell script that belongs to root.
OUT=/srv/storage-orders              # output_directory of the gateway
ACKS=                                # acks_directory; empty: acks in OUT
PUBLISHER=waldur-storage             # the user of the gateway's runs
STATE=/var/lib/storage-provisioner   # which orders were handled; back it up
ROOTS=/cold-store                    # directories that storage may be below, separated by blanks
PREFIX=                              # prefix of every mount point, if file systems are mounted elsewhere here
MODES='^[02]?7[0-7][0145]$'          # allowed permissions: no setuid, no sticky bit, no write permission for others
MIN_GID=1000                         # lower ones are system groups
TB=1000000000000                     # bytes of a TB in the files; 1099511627776 for TiB

# Sets the quotas of one directory. Space is in KiB; no value is 0. May be called again with the same values.
# If it fails, the order stays open, and the next run calls it again. Define it in CONF, for example as one of these:
#   Lustre, by group:    lfs setquota -g "$2" -b "$3" -B "$4" -i "$5" -I "$6" /cold-store
#   Lustre, by project:  lfs project -p "$2" -s "$1" &&
#                        lfs setquota -p "$2" -b "$3" -B "$4" -i "$5" -I "$6" /cold-store
#   XFS, by project:     id=$(stat -c %i "$1")
#                        xfs_quota -x -c "project -s -p $1 $id" \
#                          -c "limit -p bsoft=$3k bhard=$4k isoft=$5 ihard=$6 $id" /cold-store
#                        (xfs_quota splits its commands at blanks: refuse a path with blanks)
#   GPFS, by group:      mmsetquota fs1 --group "$2" --block "$3K:$4K" --files "$5:$6"
# A group quota counts all files of the group: if a project has two storages, use a project id for each directory.
set_quota() { # DIRECTORY GID SOFT_KIB HARD_KIB SOFT_INODES HARD_INODES
    complain "set_quota is not defined in $CONF"
    return 1
}
# ---- End of the settings.

complain() { printf 'storage-provisioner: %s\n' "$*" >&2; }
die() { code=$1 && shift && complain "$@" && exit "$code"; }
# For values that are not allowed here: the order is answered erred, with this message.
refuse() { why=$* && return 2; }

# As the gateway's user, so that root neither reads nor writes through a link of that user.
as_publisher() { if [ "$ME" = "$PUBLISHER" ]; then "$@"; else runuser -u "$PUBLISHER" -- "$@"; fi; }

# Atomically, and on the disk before it returns.
write_file() { # PATH TEXT
    printf '%s\n' "$2" >"$1.new" && sync "$1.new" && mv -fT "$1.new" "$1" && sync "${1%/*}"
}

# A real directory that only the user of this script can change.
is_closed() { case $(stat -c '%u %A' "$1") in "$MY_UID "d????-??-*) ;; *) return 1 ;; esac; }

# Sets kind to "directory", "symbolic link" and so on, empty if nothing is there. Fails if that is not known: a
# file system that does not answer must not look like one without the directory.
find_kind() { # PATH
    kind=$(stat -c %F "$1" 2>&1) && return 0
    case $kind in *': No such file or directory') kind='' ;; *) complain "$kind" && return 1 ;; esac
}

is_uuid() { case $1 in *[!0-9a-f]*) return 1 ;; *) [ ${#1} = 32 ] ;; esac; }

# One value per line: item, path, mode, gid, four quotas; "-" for null. jq fails for anything else.
# shellcheck disable=SC2016 # The variables are those of jq.
FACTS='
def quota($of; $level): first((.quotas // [])[] | select(.type == $of and .enforcementType == $level).quota) // "-"
  | if type == "number" and $of == "space" then . * $tb / 1024 | floor else . end;
[.result.storageResources[] | select(.target.targetType == "project")] as $entries
| if .meta.order.uuid != $order or .meta.order.type != $type or ($entries | length) != 1
  then error("the content does not match the name, or is not one storage of a project") else $entries[0] end
| [.itemId, .mountPoint.default, .permission.value // "-", .target.targetItem.unixGid // "-",
   quota("space"; "soft"), quota("space"; "hard"), quota("inodes"; "soft"), quota("inodes"; "hard")]
| map(tostring) | if any(test("[[:cntrl:]]") or . == "") then error("a value has a control character") else .[] end'

read_order() { # FILE
    order=${1##*_} && order=${order%.json} && type=${1%_*} && type=${type##*-}
    facts=$(as_publisher jq -r --arg order "$order" --arg type "$type" --argjson tb "$TB" "$FACTS" "$1") || return 1
    { IFS= read -r item && IFS= read -r path && read -r mode && read -r gid && read -r space_soft &&
        read -r space_hard && read -r inodes_soft && read -r inodes_hard; } <<EOT
$facts
EOT
}

# Sets directory, parent, marker and root. The marker has the itemId of the directory and is beside it, in the parent,
# where no user of the storage can change it.
locate() { # PATH
    case $1/ in /[!/]*) ;; *) refuse "the mount point $1 is not absolute" || return ;; esac
    case $1/ in *//* | */.*) refuse "the mount point $1 has an empty or a hidden component" || return ;; esac
    directory=$PREFIX$1 parent=${directory%/*}
    name=${directory##*/} marker=$parent/.${directory##*/}.itemId
    [ ${#name} -le 240 ] || refuse "the mount point $1 ends in a name of more than 240 bytes" || return
    for root in $ROOTS; do
        case $directory in "$root"/?*) return 0 ;; esac
    done
    refuse "the mount point $1 is not below a root of this provisioner"
}

# Every directory from the root to the parent must be closed, so that no other user can redirect us, now or later.
walk() {
    way=$root rest=${parent#"$root"}
    while :; do
        find_kind "$way" || return 1
        if [ -z "$kind" ]; then
            [ "$type" = create ] || return 0
            mkdir "$way" || return 1
        fi
        is_closed "$way" || refuse "${way#"$PREFIX"} is a symlink, or other users can write to it" || return
        [ -n "$rest" ] || return 0
        rest=${rest#/} && way=$way/${rest%%/*}
        case $rest in */*) rest=/${rest#*/} ;; *) rest= ;; esac
    done
}

# Sets held to the itemId in the marker, or to none, and kind to that of the directory.
look() {
    held=none
    find_kind "$marker" || return 1
    if [ -n "$kind" ]; then held=$(cat "$marker") || return 1; fi
    find_kind "$directory"
}

check_values() {
    is_uuid "$item" || refuse "the resource has no uuid" || return
    [ "$type" = terminate ] && return 0
    printf '%s\n' "$mode" | grep -Eq -- "$MODES" || refuse "permission $mode is not allowed here" || return
    case $gid in
        -) [ "$type" = update ] || refuse "the project has no GID (unixGid is null), so no group can own $path" ;;
        *[!0-9]* | ???????????*) refuse "$gid is not a GID" ;;
        *) [ "$gid" -ge "$MIN_GID" ] && [ "$gid" -lt 4294967295 ] || refuse "GID $gid is not one of a project" ;;
    esac || return
    [ "$space_soft$space_hard$inodes_soft$inodes_hard" = ---- ] && return 0
    for value in "$space_soft" "$space_hard" "$inodes_soft" "$inodes_hard"; do
        case $value in 0* | *[!0-9]*) refuse "quota $value cannot be set" || return ;; esac
    done
}

# Idempotent: the next run continues after a killed one.
carry_out() {
    check_values && locate "$path" && walk && look || return
    case $held in
        "$item") ;;
        none) [ -z "$kind" ] || refuse "$path is not marked as the directory of this resource" || return ;;
        *) refuse "$path is marked as the directory of resource $held" || return ;;
    esac
    case $type$kind in
        *directory | create | terminate) ;;
        # Creating an empty one would hide that the data is somewhere else.
        update) refuse "there is no directory at $path; find out where the data is" || return ;;
        *) refuse "$path is not a directory" || return ;;
    esac
    if [ "$type" = terminate ]; then remove; else apply; fi
}

# The marker comes first, so that a directory of ours is never without one.
apply() {
    [ "$held" = "$item" ] || write_file "$marker" "$item" || return 1
    [ -n "$kind" ] || mkdir -m 700 "$directory" || return 1
    # An update without a GID does not change the group.
    [ "$gid" != - ] || gid=$(stat -c %g "$directory") || return 1
    # With five digits chmod clears a setgid bit, too.
    chgrp "$gid" "$directory" && chmod "$(printf '%5s' "$mode" | tr ' ' 0)" "$directory" || return 1
    # Null is not "no limit": the quotas are not changed.
    [ "$space_hard" = - ] ||
        set_quota "$directory" "$gid" "$space_soft" "$space_hard" "$inodes_soft" "$inodes_hard" || return 1
    sync "$directory" "$parent"
}

# Data is renamed into the trash of its root; the site empties that when it likes.
remove() {
    trash=$root/.trash/$item-$order
    if [ -n "$kind" ]; then
        if [ -e "$trash" ] || [ "$(stat -c %d "$directory")" != "$(stat -c %d "$root/.trash")" ]; then
            complain "$directory cannot be renamed to $trash: that exists, or is on another file system"
            return 1
        fi
        mv -T "$directory" "$trash" && sync "$root/.trash" "$parent" || return 1
    fi
    [ "$held" = none ] || { rm -f "$marker" && sync "$parent"; }
}

# decided/ has answers that the gateway may not have yet, answered/ those that it has. Both are written after the work.
handle() { # FILE
    read_order "$1" || { complain "$1 is not the file of an order, and is left" && return 1; }
    [ ! -e "$STATE/answered/$order.json" ] || return 0
    if [ ! -e "$STATE/decided/$order.json" ]; then
        why=
        carry_out
        case $? in
            0) answer='{"result":"done"}' ;;
            2) answer=$(jq -cn --arg message "$why" '{result: "erred", $message}') || return 1 ;;
            *) complain "order $order failed ($type $path); it stays open until a run succeeds" && return 1 ;;
        esac
        write_file "$STATE/decided/$order.json" "$answer" || return 1
    fi
    IFS= read -r answer <"$STATE/decided/$order.json" || return 1
    # shellcheck disable=SC2016 # The inner shell expands them.
    as_publisher sh -c 'umask 022 && cd "$1" && printf "%s\n" "$3" >".$2.new" && sync ".$2.new" &&
        mv -fT ".$2.new" "$2.json" && sync .' sh "$ACKS" "$order" "$answer" || return 1
    mv -T "$STATE/decided/$order.json" "$STATE/answered/$order.json" && sync "$STATE/answered"
}

# "created file" of the orders without a record, oldest first.
list_new() {
    for file in "$OUT"/*-create_*.json "$OUT"/*-update_*.json "$OUT"/*-terminate_*.json; do
        order=${file##*_} && order=${order%.json}
        is_uuid "$order" || continue
        if [ -e "$STATE/answered/$order.json" ] || [ -L "$file" ] || [ ! -f "$file" ]; then continue; fi
        created=$(as_publisher jq -r '.meta.order.created | strings' "$file" 2>/dev/null | tr -cd '0-9TZ:.+-')
        printf '%s %s\n' "${created:--}" "$file"
    done | sort
}

run_orders() {
    failed=0
    list_new >"$STATE/queue" || return 1
    while read -r _ file <&3; do
        handle "$file" 3<&- || failed=1
    done 3<"$STATE/queue"
    return "$failed"
}

init() {
    mkdir -p "$STATE/answered" "$STATE/decided" && chmod 700 "$STATE" || return 1
    list_new >"$STATE/queue" || return 1
    while read -r _ file; do
        order=${file##*_}
        write_file "$STATE/answered/$order" '{"result":"unknown"}' || return 1
    done <"$STATE/queue"
}

differs() { found=10 && printf '%-8s %s\n' "$@"; }

# Not compared: quotas, and storage that is pending, being removed, or erred.
compare() { # adopt or check
    type=check why='' found=0 work=$(mktemp -d) || return 1
    trap 'rm -rf "$work"' EXIT
    snapshot=$OUT/latest-all.json
    # shellcheck disable=SC2012 # Names of snapshots have digits and letters only.
    [ -f "$snapshot" ] || snapshot=$(ls -t "$OUT"/*-all.json | head -n 1)
    as_publisher jq -r '.result.storageResources[] | select(.target.targetType == "project")
        | [.itemId, .status, .permission.value // "-", .target.targetItem.unixGid // "-", .mountPoint.default]
        | map(tostring) | select(any(test("[[:cntrl:]]")) | not) | join(" ")' "$snapshot" >"$work/entries" || return 1
    while read -r item status mode gid path; do
        if ! locate "$path" || ! walk || ! look; then differs refused "$path: $why" && continue; fi
        printf '%s %s\n' "$item" "$directory" >>"$work/listed"
        case $status in active | updating) ;; *) continue ;; esac
        if [ "$kind" != directory ]; then differs missing "$path ($item)" && continue; fi
        about=$(stat -c '%a %g' "$directory") || return 1
        if [ "$held" != "$item" ]; then
            differs unmarked "$path ($item; marked: $held)"
            [ "$1 $held ${about#* }" = "adopt none $gid" ] && is_uuid "$item" && write_file "$marker" "$item"
        fi
        [ "$status" = active ] || continue
        [ "${about% *}" = "${mode#0}" ] || differs mode "$path is ${about% *}, not $mode"
        [ "${about#* }" = "$gid" ] || [ "$gid" = - ] || differs group "$path is of ${about#* }, not $gid"
    done <"$work/entries"
    for root in $ROOTS; do list_marked "$root"; done | sort >"$work/marked"
    sort "$work/listed" 2>/dev/null | comm -13 - "$work/marked" >"$work/extra"
    while read -r item directory; do differs extra "${directory#"$PREFIX"} ($item)"; done <"$work/extra"
    return "$found"
}

# "itemId directory" of every marker, without going into the directories of users.
list_marked() ( # DIRECTORY
    for entry in "$1"/* "$1"/.*.itemId; do
        if [ "${entry%.itemId}" != "$entry" ] && [ -f "$entry" ]; then
            name=${entry##*/.} && printf '%s %s\n' "$(cat "$entry")" "$1/${name%.itemId}"
        elif [ -d "$entry" ] && [ ! -e "$1/.${entry##*/}.itemId" ] && is_closed "$entry"; then
            list_marked "$entry"
        fi
    done
)

command=${1:-} CONF=${2:-/etc/waldur/provisioner.conf}
case $command in init | run | check | adopt) ;; *) die 64 "usage: $0 init|run|check|adopt [CONF]" ;; esac
# shellcheck source=/dev/null
if [ -r "$CONF" ]; then . "$CONF"; else die 78 "$CONF cannot be read"; fi
ME=$(id -un) MY_UID=$(id -u) ACKS=${ACKS:-$OUT/acks}
for root in $ROOTS; do
    # The trash shows that the file system is mounted: an empty mount point is not an empty storage.
    { is_closed "$root" && is_closed "$root/.trash"; } 2>/dev/null ||
        die 75 "$root is not mounted, or it or its .trash is missing or not of $ME alone"
done
[ "$command" = init ] || is_closed "$STATE" 2>/dev/null || die 78 "$STATE is missing: run $0 init, once"
if [ "$command" != check ]; then
    mkdir -p "$STATE" && exec 9>"$STATE/lock" || exit 1
    flock -n 9 || die 75 "another run is active"
fi
case $command in
    init) init ;;
    run) run_orders ;;
    *) compare "$command" ;;
esac
