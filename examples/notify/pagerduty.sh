#!/bin/sh
# Opens an incident in PagerDuty where a run has not ended well, and resolves it when
# the next one of that name has:
#
#   cogpass run --yes --notify-command 'examples/notify/pagerduty.sh /etc/cogpass/pagerduty-key rotation' job.yaml
#
# The file holds the routing key of an Events API v2 integration; the second argument
# names what runs, also where the job cannot be read. Of the exit codes, 4 (a limit of
# the job), 5 (another run is going on) and 130 (somebody interrupted it) are no reason
# to get up. PAGERDUTY_URL is another endpoint. Needs curl and jq.
set -eu

input=$(cat)
action=$(printf '%s' "$input" | jq -r '
	if .exit_code == 0 then "resolve" elif .exit_code == 4 or .exit_code == 5 or .exit_code == 130 then "none" else "trigger" end')
if [ "$action" = none ]; then
	exit 0
fi
printf '%s' "$input" | jq --rawfile key "$1" --arg name "$2" --arg action "$action" --arg host "$(hostname)" '{
	routing_key: ($key | rtrimstr("\n")),
	event_action: $action,
	dedup_key: ("cogpass/" + $name),
	payload: {
		summary: (.sentence | .[:1000]),
		source: $host,
		severity: (if .exit_code == 1 then "warning" else "error" end),
		component: "cogpass",
		class: ("exit \(.exit_code)"),
		custom_details: {error: (.error // "" | .[:3000]), hint, next, run_file, outcomes: .summary.outcomes?, failures: [.failures[:20][] | {count, outcome, reason, do}]}
	}
}' |
	curl --silent --show-error --fail --max-time 20 --retry 2 \
		--header 'Content-Type: application/json' --data-binary @- \
		"${PAGERDUTY_URL:-https://events.pagerduty.com/v2/enqueue}" >/dev/null
