#!/bin/sh
# Hands passwords over to AWS Systems Manager's Parameter Store:
#
#   handoff: {command: [./handoff-ssm.sh, /cognito]}    # the path of the parameters; a KMS key may follow
#
# The password is in the SecureString PATH/POOL/USER/current: JSON with username,
# password, userPoolId, version and preparedAt. One that is not known to be the
# user's yet is in …/pending/VERSION: let nobody read that but this script. Needs the AWS CLI with
# ssm:PutParameter, GetParameters and DeleteParameters on the path, jq, and a POSIX
# sh whose printf is built in: dash, bash and BusyBox's are. No password is ever an
# argument of a program. Parameter Store takes 3 changes a second by default, and a
# user is three: limits: {rate: 1/s}.
set -eu
export AWS_PAGER=

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
path=${1:-/cognito}/$pool/$user

# put writes what comes on standard input to a parameter. Of the AWS CLI's ways to
# pass a value this is the one: it reads the file of --cli-input-json twice.
put() {
	aws ssm put-parameter --name "$1" --type SecureString ${key:+--key-id "$key"} --overwrite --value file:///dev/stdin >/dev/null
}
key=${2:-}

case $phase in
prepare)
	value=$(printf '%s' "$input" | jq -er 'select(.password) | {username, password, userPoolId, version, preparedAt: now} | tojson')
	printf '%s' "$value" | put "$path/pending/$version"
	;;
confirm)
	# Of parameters that are not there this tells, without an error.
	found=$(aws ssm get-parameters --with-decryption --output json --names "$path/pending/$version" "$path/current")
	todo=$(printf '%s' "$found" | jq -er --arg path "$path" --arg version "$version" '
		def value($name): [.Parameters[] | select(.Name == $path + $name) | .Value | fromjson? // {}][0];
		value("/pending/" + $version) as $new | value("/current") as $old
		| if $new == null then (if $old.version == $version then "nothing" else "fail" end)
		  elif ($old.preparedAt // 0) > $new.preparedAt then "drop" else "move" end')
	case $todo in
	move)
		value=$(printf '%s' "$found" | jq -er --arg name "$path/pending/$version" '.Parameters[] | select(.Name == $name) | .Value')
		printf '%s' "$value" | put "$path/current"
		;;
	fail)
		echo "this password was not prepared" >&2
		exit 1
		;;
	esac # drop: a later run has set another password since, and handed it over
	if [ "$todo" != nothing ]; then
		aws ssm delete-parameters --names "$path/pending/$version" >/dev/null
	fi
	;;
abandon) # of one that is not there it is no error
	aws ssm delete-parameters --names "$path/pending/$version" >/dev/null
	;;
*)
	echo "unknown phase" >&2
	exit 2
	;;
esac
