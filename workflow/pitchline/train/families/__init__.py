"""The families of models behind one interface.

A family is a module of this folder with what ``protocol.Family`` asks for: a recipe that can be
fitted, how the recipe is chosen on the folds, and how a saved model is read. To add one, write its
module, name it in ``registry.FAMILIES`` and in ``pitchline.params.train.FamilyName``; everything
after the choice (evaluation, backtest, promotion, predictions) works with any of them.
"""
