package jobs

import "maps"

// mergedMetadata merges the metadata of a job, a source and a user. Consecutive
// users with equal metadata share a map.
type mergedMetadata struct{ last map[string]string }

func (m *mergedMetadata) of(levels ...map[string]string) map[string]string {
	var only map[string]string
	said := 0
	for _, level := range levels {
		if len(level) > 0 {
			only = level
			said++
		}
	}
	if said > 1 {
		only = map[string]string{}
		for _, level := range levels {
			maps.Copy(only, level)
		}
	}
	if maps.Equal(m.last, only) {
		return m.last
	}
	m.last = only
	return only
}
