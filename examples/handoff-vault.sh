#!/bin/sh
# Hands passwords over to HashiCorp Vault, a KV version 2 engine:
#
#   handoff: {command: [./handoff-vault.sh, secret, cognito]}    # the engine's mount, and a path in it
#
# The password is at MOUNT/PATH/POOL/USER/current, with username, userPoolId,
# version and preparedAt. One that is not known to be the user's yet is at
# …/pending/VERSION: let nobody read that but this script. Needs Vault's CLI (1.11 or later, with
# VAULT_ADDR and a login), jq, and a POSIX sh whose printf is built in: dash, bash
# and BusyBox's are. No password is ever an argument of a program.
set -eu

mount=${1:-secret}
input=$(cat)

# Of a username, letters, digits and - are kept; any other byte is _ and two hex
# digits, so that no two users share a path and none leaves its own.
fields=$(printf '%s' "$input" | jq -er '
	"0123456789ABCDEF" as $hex
	| def safe: . == 45 or (. >= 48 and . <= 57) or (. >= 65 and . <= 90) or (. >= 97 and . <= 122);
	def encoded: [@uri | explode[]
		| if safe then [.] | implode
		  elif . == 37 then "_"
		  else (. / 16 | floor) as $high | (. % 16) as $low | "_" + $hex[$high:$high + 1] + $hex[$low:$low + 1] end]
		| add;
	@sh "phase=\(.phase) version=\(.version) pool=\(.userPoolId) user=\(.username | encoded)"')
eval "$fields"
path=${2:-cognito}/$pool/$user

# get prints what is at a path, or {} where nothing is.
get() {
	{ said=$(vault kv get -mount="$mount" -format=json "$1" 2>&1 1>&3) && return; } 3>&1
	case $said in
	*"No value found"*) echo '{}' ;;
	*)
		printf '%s\n' "$said" >&2
		return 1
		;;
	esac
}

case $phase in
prepare)
	value=$(printf '%s' "$input" | jq -er 'select(.password) | {username, password, userPoolId, version, preparedAt: now}')
	printf '%s' "$value" | vault kv put -mount="$mount" "$path/pending/$version" - >/dev/null
	;;
confirm)
	pending=$(get "$path/pending/$version")
	current=$(get "$path/current")
	todo=$(printf '%s %s' "$pending" "$current" | jq -ers --arg version "$version" '
		map(.data.data) as [$new, $old]
		| if $new == null then (if $old.version == $version then "nothing" else "fail" end)
		  elif ($old.preparedAt // 0) > $new.preparedAt then "drop" else "move" end')
	case $todo in
	move)
		value=$(printf '%s' "$pending" | jq -e .data.data)
		printf '%s' "$value" | vault kv put -mount="$mount" "$path/current" - >/dev/null
		;;
	fail)
		echo "this password was not prepared" >&2
		exit 1
		;;
	esac # drop: a later run has set another password since, and handed it over
	if [ "$todo" != nothing ]; then
		vault kv metadata delete -mount="$mount" "$path/pending/$version" >/dev/null
	fi
	;;
abandon) # with all its versions, and of one that is not there it is no error
	vault kv metadata delete -mount="$mount" "$path/pending/$version" >/dev/null
	;;
*)
	echo "unknown phase" >&2
	exit 2
	;;
esac
