#!/bin/sh
# Tells a Slack channel how a run has ended, through an incoming webhook:
#
#   cogpass run --yes --notify-command 'examples/notify/slack.sh /etc/cogpass/slack-webhook' job.yaml
#
# The file holds the webhook's URL, which is a secret: whoever has it can write to the
# channel. It is not on a command line. Needs curl and jq.
set -eu

input=$(cat)
text=$(printf '%s' "$input" | jq -r '
	def plain: gsub("&"; "&amp;") | gsub("<"; "&lt;") | gsub(">"; "&gt;");
	[ (if .exit_code == 0 then ":white_check_mark: " else ":warning: " end) + (.sentence | plain),
	  (.error // empty | .[:3000] | plain),
	  (.failures[:5][] | "• \(.count) × \(.reason | plain): \(.do | plain)"),
	  (.next // empty | "To go on: `\(plain)`") ] | join("\n")')
jq -n --arg text "$text" '{$text}' |
	curl --silent --show-error --fail --max-time 20 --retry 2 \
		--header 'Content-Type: application/json' --data-binary @- \
		--config /dev/fd/3 >/dev/null 3<<-EOF
		url = "$(cat "$1")"
	EOF
