"""What this integration costs whoever runs it, measured on the real parts of the repository.

Figures, not tests: they depend on the machine, and nothing fails when they change. Each module
answers one question, and docs/cost.md keeps the answers.
"""
