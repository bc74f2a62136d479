"""Companies made up to judge forecasts by: the world goes on by rules that no forecasting method assumes or sees."""
