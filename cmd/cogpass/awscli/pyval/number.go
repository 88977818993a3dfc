package pyval

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	intText   = regexp.MustCompile(`^[-+]?[0-9]+(?:_[0-9]+)*$`)
	floatText = regexp.MustCompile(`^[-+]?(?:[0-9]+(?:_[0-9]+)*\.?(?:[0-9]+(?:_[0-9]+)*)?|\.[0-9]+(?:_[0-9]+)*)(?:[eE][-+]?[0-9]+)?$`)
)

// ParseNumber reads a number as Python's int or else float does, or returns
// nil.
func ParseNumber(text string) any {
	text = strings.TrimSpace(text)
	plain := strings.ReplaceAll(text, "_", "")
	switch {
	case intText.MatchString(text):
		return wholeNumber(strings.TrimPrefix(plain, "+"), 10)
	case floatText.MatchString(text):
		f, _ := strconv.ParseFloat(plain, 64)
		return f
	}
	switch strings.TrimLeft(strings.ToLower(text), "+-") {
	case "inf", "infinity", "nan":
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return f
		}
	}
	return nil
}
