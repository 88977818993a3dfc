package bulk

import (
	"errors"

	"cogpass/runner/sealed"
)

// checkRecipient says what is wrong with a recipient that a job names.
func checkRecipient(text string) (message, hint string) {
	_, err := sealed.ParseRecipients([]string{text})
	if bad := (*sealed.RecipientError)(nil); errors.As(err, &bad) {
		return bad.Reason, bad.Hint
	}
	return "", ""
}
