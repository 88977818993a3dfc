package query

import (
	"math"
	"math/big"
	"strings"

	"cogpass/cmd/cogpass/awscli/pyval"
)

func toBig(n pyval.Int) *big.Int {
	i, _ := new(big.Int).SetString(string(n), 10)
	return i
}

func toFloat(v any) float64 {
	if n, ok := v.(pyval.Int); ok {
		f, _ := new(big.Float).SetInt(toBig(n)).Float64()
		return f
	}
	return v.(float64)
}

// rounded is a number's floor (sign -1) or ceiling (1).
func rounded(v any, sign int) (any, error) {
	f, ok := v.(float64)
	if !ok {
		return v, nil
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, fault("this number has no whole number beside it")
	}
	if sign > 0 {
		f = math.Ceil(f)
	} else {
		f = math.Floor(f)
	}
	whole, _ := big.NewFloat(f).Int(nil)
	return pyval.Int(whole.String()), nil
}

func isText(v any) bool { return typeName(v) == "string" }

// ordered reports whether a value has an order among its like.
func ordered(v any) bool { return isText(v) || typeName(v) == "number" }

// compare orders two strings or two numbers.
func compare(a, b any) int {
	if s, ok := a.(string); ok {
		return strings.Compare(s, b.(string))
	}
	if x, ok := a.(pyval.Int); ok {
		if y, ok := b.(pyval.Int); ok {
			return toBig(x).Cmp(toBig(y))
		}
	}
	switch x, y := toFloat(a), toFloat(b); {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// equal is JMESPath's ==: a boolean equals no number.
func equal(a, b any) bool { return typeName(a) == typeName(b) && same(a, b) }

// same is deep equality, in which 1 and 1.0 are the same, and, inside of
// containers, true and 1.
func same(a, b any) bool {
	a, b = asNumber(a), asNumber(b)
	switch x := a.(type) {
	case pyval.Int, float64:
		if typeName(b) != "number" {
			return false
		}
		if f, ok := a.(float64); ok && math.IsNaN(f) {
			return false
		}
		return compare(a, b) == 0
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !same(x[i], y[i]) {
				return false
			}
		}
		return true
	case *pyval.Map:
		y, ok := b.(*pyval.Map)
		if !ok || x.Len() != y.Len() {
			return false
		}
		for _, k := range x.Keys() {
			v, _ := x.Get(k)
			w, there := y.Get(k)
			if !there || !same(v, w) {
				return false
			}
		}
		return true
	case reference:
		return false
	}
	return a == b
}

func asNumber(v any) any {
	if b, ok := v.(bool); ok {
		if b {
			return pyval.Int("1")
		}
		return pyval.Int("0")
	}
	return v
}
