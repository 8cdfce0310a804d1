"""Fuller reading of clinical notes: values with units, growth, vital signs, and findings whose words stand apart."""
