#!/bin/sh
# Hands passwords over to HashiCorp Vault, a KV version 2 engine:
#
#   handoff: {command: [./handoff-vault.sh, secret, cognito]}    # the engine's mount, and a path in it
#
# The password is at MOUNT/PATH/POOL/USER/current, with username, userPoolId and
# version. One that is not known to be the user's yet is at …/pending/VERSION: of
# that, let nobody read it but this script. Needs Vault's CLI (1.11 or later, with
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

case $phase in
prepare)
	value=$(printf '%s' "$input" | jq -er 'select(.password) | {username, password, userPoolId, version}')
	printf '%s' "$value" | vault kv put -mount="$mount" "$path/pending/$version" - >/dev/null
	;;
confirm)
	if pending=$(vault kv get -mount="$mount" -format=json "$path/pending/$version"); then
		value=$(printf '%s' "$pending" | jq -e .data.data)
		printf '%s' "$value" | vault kv put -mount="$mount" "$path/current" - >/dev/null
		vault kv metadata delete -mount="$mount" "$path/pending/$version" >/dev/null
	else # then this is done already, or there is something wrong
		current=$(vault kv get -mount="$mount" -format=json "$path/current")
		if [ "$(printf '%s' "$current" | jq -r .data.data.version)" != "$version" ]; then
			echo "this password was not prepared" >&2
			exit 1
		fi
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
